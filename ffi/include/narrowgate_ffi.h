/* The C face of the Rust crate in ffi/: Cedar policies, signatures of JSON Web Tokens.
 *
 * Inputs (ng_str and arrays) are borrowed for the length of the call. Text is UTF-8; anything else is an error, not undefined.
 * Outputs: an ng_text is the caller's to give back with ng_text_free; a handle with its own _free, which takes NULL. Set every
 * ng_text to zeroes before the call; it is written at most once. Where an ng_text* is named `error` it is written only on
 * failure. Handles are immutable: any number of threads may use one at a time, and one may be freed while others made from it
 * live on. Nothing unwinds out of here: a panic is a failure like any other, with its words as the error. */
#ifndef NARROWGATE_FFI_H
#define NARROWGATE_FFI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  const char* data;
  size_t size;
} ng_str;
typedef struct {
  char* data;
  size_t size;
} ng_text;
void ng_text_free(ng_text* text); /* and makes it empty; NULL and empty are fine */

/* ---- Cedar */

typedef struct ng_cedar_set ng_cedar_set;           /* a schema and the policies that fit it */
typedef struct ng_cedar_entities ng_cedar_entities; /* who and what a decision is about */
typedef struct ng_cedar_slice ng_cedar_slice;       /* the policies that can apply to a principal and some actions */
typedef struct ng_cedar_context ng_cedar_context;   /* what else a decision rests on; may serve several requests */

typedef struct {
  ng_str name, text;
} ng_cedar_source;
typedef struct {
  ng_str type, id;
} ng_cedar_uid;  /* {"Narrowgate::Task", "tsk_…"} */
typedef struct { /* an entity without attributes */
  ng_cedar_uid uid;
  const ng_cedar_uid* parents;
  size_t parent_count;
} ng_cedar_object;

enum { NG_CEDAR_BOOL, NG_CEDAR_LONG, NG_CEDAR_STRING, NG_CEDAR_INSTANT, NG_CEDAR_ENTITIES, NG_CEDAR_RECORD };
typedef struct {
  ng_str name;
  uint32_t kind;
  int64_t number;    /* bool, long */
  ng_str text;       /* string; instant as 2026-11-22T12:00:00.000Z */
  const void* items; /* entities: ng_cedar_uid; record: ng_cedar_field */
  size_t count;
} ng_cedar_field;

typedef struct {
  ng_cedar_uid principal;
  ng_str action; /* its id alone: "sql.select" */
  ng_cedar_uid resource;
} ng_cedar_request;

typedef struct {
  int32_t permitted; /* 1 only if Cedar allows and no policy failed */
  uint32_t* reasons; /* the caller's room; filled with the determining policies' places in the report, ascending */
  size_t reason_capacity;
  size_t reason_count; /* may be more than there was room for */
  size_t error_count;  /* policies that failed; Cedar passed them over */
} ng_cedar_answer;

/* Parses, names and strictly validates all policies. NULL if there is anything wrong. `report` is always written: JSON
 * {"errors":[{file,line,column,policy,fault,remedy}], "warnings":[…],
 * "policies":[{id,effect,file,line,annotations,actions,quorum, names,text}]}, or plain words if even that failed. The order of
 * "policies" is what `reasons` refers to. */
ng_cedar_set* ng_cedar_load(ng_cedar_source schema, const ng_cedar_source* sources, size_t count, ng_text* report);
void ng_cedar_set_free(ng_cedar_set* set);

/* From Cedar's JSON, held to the schema. NULL on failure. */
ng_cedar_entities* ng_cedar_entities_new(const ng_cedar_set* set, ng_str json, ng_text* error);
/* `base` and the objects. An object that `base` or the list has already must be the same there. NULL on failure. */
ng_cedar_entities* ng_cedar_entities_with(const ng_cedar_set* set, const ng_cedar_entities* base, const ng_cedar_object* objects,
                                          size_t count, ng_text* error);
void ng_cedar_entities_free(ng_cedar_entities* entities);

/* Which of the principal's groups are its own is read from `entities` now. NULL on failure. */
ng_cedar_slice* ng_cedar_slice_new(const ng_cedar_set* set, const ng_cedar_entities* entities, ng_cedar_uid principal,
                                   const ng_str* actions, size_t count, ng_text* error);
ng_cedar_slice* ng_cedar_slice_whole(const ng_cedar_set* set); /* every policy, every action */
size_t ng_cedar_slice_policies(const ng_cedar_slice* slice, ng_str action);
void ng_cedar_slice_free(ng_cedar_slice* slice);

/* Whether it is what an action wants is checked when it is used. NULL on failure. */
ng_cedar_context* ng_cedar_context_new(const ng_cedar_set* set, const ng_cedar_field* fields, size_t count, ng_text* error);
void ng_cedar_context_free(ng_cedar_context* context);

/* 0: `answer` holds. Otherwise nothing was decided, which must deny. `errors` is written in both cases if there is something to
 * say: one line per policy that failed, or why nothing was decided. */
int32_t ng_cedar_evaluate(const ng_cedar_slice* slice, const ng_cedar_entities* entities, const ng_cedar_request* request,
                          const ng_cedar_context* context, ng_cedar_answer* answer, ng_text* errors);
/* 0: `out` is JSON [{policy,effect,applies:"yes"|"no"|"error",error}] of every policy in the slice; else the reason why not. */
int32_t ng_cedar_explain(const ng_cedar_slice* slice, const ng_cedar_entities* entities, const ng_cedar_request* request,
                         const ng_cedar_context* context, ng_text* out);

/* ---- JSON Web Tokens */

enum {
  NG_JWT_GOOD = 0,
  NG_JWT_FAILED = 1, /* a panic, or input that is not UTF-8 */
  NG_JWT_TOKEN_TOO_LARGE = 2,
  NG_JWT_TOKEN_MALFORMED = 3,
  NG_JWT_KEY_UNUSABLE = 4,       /* not a public RSA, P-256, P-384 or Ed25519 signature key of a decent size */
  NG_JWT_ALGORITHM_MISMATCH = 5, /* the token's header or `algorithm` is not what the key is for */
  NG_JWT_BAD_SIGNATURE = 6
};
/* Is `token` signed by `key` (one JWK as JSON) with `algorithm`? The key fixes the algorithm: RS256, ES256, ES384 or EdDSA. No
 * key or address in the token's header is ever used, and no claim is looked at. `why` is written unless the answer is
 * NG_JWT_GOOD. */
int32_t ng_jwt_verify(ng_str token, ng_str algorithm, ng_str key, ng_text* why);

#ifdef __cplusplus
}
#endif
#endif
