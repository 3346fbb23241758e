// All of PostgreSQL's messages: frontend::, backend:: and answer::.
#pragma once

#include "protocol/postgres/wire/messages_answer.h"
#include "protocol/postgres/wire/messages_backend.h"
#include "protocol/postgres/wire/messages_frontend.h"
