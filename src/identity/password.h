// People's passwords: scrypt in the PHC string format, "$scrypt$ln=15,r=8,p=1$<salt>$<hash>".
//
// Slow and 32 MiB on purpose: run on a background pool.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace narrowgate::identity {

inline constexpr unsigned scrypt_ln = 15, scrypt_r = 8, scrypt_p = 1;  // 32 MiB and about 0.1 s
inline constexpr unsigned scrypt_ln_max = 17;                          // a configured hash cannot ask for more than 128 MiB
inline constexpr std::size_t person_password_bytes_max = 1024;

Result<std::string> hash_password(const SecretString& password);
// False: wrong password. An error: the hash cannot be read, or there is no memory.
Result<bool> check_password(const SecretString& password, std::string_view hash);

}  // namespace narrowgate::identity
