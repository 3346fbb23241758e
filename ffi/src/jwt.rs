//! Signatures of JSON Web Tokens, checked by the crate `jsonwebtoken`. The key decides the algorithm; the token's header must
//! agree with it and has no say. Which issuer, audience and times a token may have is the business of `src/identity/`.
use crate::c_abi::{entry, Str, Text};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{crypto, decode_header, Algorithm, DecodingKey};

const TOKEN_BYTES_MAX: usize = 16 * 1024; // as much as a password message may carry
const KEY_BYTES_MAX: usize = 16 * 1024; // an RSA key of 8192 bits has 1.4 kB
const RSA_BITS_MIN: usize = 2048; // RFC 7518 §3.3
const RSA_BITS_MAX: usize = 8192; // beyond, a signature check costs a stranger's connection too much of our time
const ED25519_BYTES: usize = 32;

/// Numbered as in the header.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Good = 0,
    Failed = 1, // a panic
    TokenTooLarge = 2,
    TokenMalformed = 3,
    KeyUnusable = 4,
    AlgorithmMismatch = 5,
    BadSignature = 6,
}

fn fault<T>(verdict: Verdict, why: impl Into<String>) -> Result<T, (Verdict, String)> {
    Err((verdict, why.into()))
}

/// The one algorithm that a key is for.
fn algorithm_of(key: &Jwk) -> Result<Algorithm, (Verdict, String)> {
    let unusable = |why: &str| fault(Verdict::KeyUnusable, why);
    let found = match &key.algorithm {
        AlgorithmParameters::RSA(rsa) => {
            check_rsa(&rsa.n)?;
            Algorithm::RS256
        }
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P384 => Algorithm::ES384,
        AlgorithmParameters::OctetKeyPair(okp) if okp.curve == EllipticCurve::Ed25519 => {
            if decoded_bytes(&okp.x) != ED25519_BYTES {
                return unusable("an Ed25519 key has 32 bytes");
            }
            Algorithm::EdDSA
        }
        _ => return unusable("not an RSA, P-256, P-384 or Ed25519 key"),
    };
    match key.common.key_algorithm {
        Some(named) if named != found.into() => unusable("its alg is not one we take, or not of its type"),
        _ => Ok(found),
    }
}

fn decoded_bytes(base64url: &str) -> usize {
    base64url.len() * 3 / 4
}

fn check_rsa(modulus: &str) -> Result<(), (Verdict, String)> {
    let bits = decoded_bytes(modulus) * 8;
    if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) {
        return fault(Verdict::KeyUnusable, format!("an RSA key of {bits} bits; {RSA_BITS_MIN} to {RSA_BITS_MAX} are taken"));
    }
    Ok(())
}

fn check_use(key: &Jwk) -> Result<(), (Verdict, String)> {
    if matches!(&key.common.public_key_use, Some(other) if *other != PublicKeyUse::Signature) {
        return fault(Verdict::KeyUnusable, "its use is not sig");
    }
    match &key.common.key_operations {
        Some(operations) if !operations.contains(&KeyOperations::Verify) => {
            fault(Verdict::KeyUnusable, "its key_ops lack verify")
        }
        _ => Ok(()),
    }
}

fn split(token: &str) -> Result<(&str, &str), (Verdict, String)> {
    match token.rsplit_once('.') {
        Some((message, signature)) if message.matches('.').count() == 1 && !signature.is_empty() => Ok((message, signature)),
        _ => fault(Verdict::TokenMalformed, "not three parts"),
    }
}

/// Is `token` signed with `key`, by `algorithm`, which is what its header says and what the key is for?
pub fn verify(token: &str, algorithm: &str, key: &str) -> Result<(), (Verdict, String)> {
    if token.len() > TOKEN_BYTES_MAX {
        return fault(Verdict::TokenTooLarge, format!("longer than {TOKEN_BYTES_MAX} bytes"));
    }
    if key.len() > KEY_BYTES_MAX {
        return fault(Verdict::KeyUnusable, format!("longer than {KEY_BYTES_MAX} bytes"));
    }
    let key: Jwk = serde_json::from_str(key).or_else(|error| fault(Verdict::KeyUnusable, format!("not a JWK: {error}")))?;
    check_use(&key)?;
    let expected = algorithm_of(&key)?;
    let (message, signature) = split(token)?;
    let header = decode_header(token).or_else(|error| fault(Verdict::TokenMalformed, error.to_string()))?;
    if header.alg != expected || algorithm.parse::<Algorithm>().ok() != Some(expected) {
        return fault(Verdict::AlgorithmMismatch, format!("the key is for {expected:?}"));
    }
    let key = DecodingKey::from_jwk(&key).or_else(|error| fault(Verdict::KeyUnusable, error.to_string()))?;
    match crypto::verify(signature, message.as_bytes(), &key, expected) {
        Ok(true) => Ok(()),
        Ok(false) => fault(Verdict::BadSignature, "the signature does not fit"),
        Err(error) if matches!(error.kind(), jsonwebtoken::errors::ErrorKind::Base64(_)) => {
            fault(Verdict::TokenMalformed, "the signature is not base64url")
        }
        Err(error) => fault(Verdict::KeyUnusable, error.to_string()),
    }
}

/// # Safety
/// As `include/narrowgate_ffi.h` says.
#[no_mangle]
pub unsafe extern "C" fn ng_jwt_verify(token: Str, algorithm: Str, key: Str, why: *mut Text) -> i32 {
    entry(why, Verdict::Failed as i32, || {
        Ok(match verify(token.get()?, algorithm.get()?, key.get()?) {
            Ok(()) => Verdict::Good as i32,
            Err((verdict, words)) => {
                crate::c_abi::give(why, words);
                verdict as i32
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7515, appendix A.3: ES256 over {"iss":"joe","exp":1300819380,"http://example.com/is_root":true}.
    const TOKEN: &str = concat!(
        "eyJhbGciOiJFUzI1NiJ9.",
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    );
    const KEY: &str = concat!(
        r#"{"kty":"EC","crv":"P-256","#,
        r#""x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","#,
        r#""y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#
    );

    fn verdict(token: &str, algorithm: &str, key: &str) -> Verdict {
        verify(token, algorithm, key).err().map_or(Verdict::Good, |(verdict, _)| verdict)
    }

    #[test]
    fn the_specifications_own_token_verifies() {
        assert_eq!(verdict(TOKEN, "ES256", KEY), Verdict::Good);
    }

    #[test]
    fn any_changed_byte_is_noticed() {
        for at in 0..TOKEN.len() {
            let mut changed = TOKEN.as_bytes().to_vec();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_ne!(verdict(&changed, "ES256", KEY), Verdict::Good, "byte {at}");
        }
    }

    #[test]
    fn the_key_decides_the_algorithm() {
        assert_eq!(verdict(TOKEN, "RS256", KEY), Verdict::AlgorithmMismatch);
        assert_eq!(verdict(TOKEN, "none", KEY), Verdict::AlgorithmMismatch);
        assert_eq!(
            verdict(TOKEN, "HS256", r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75"}"#),
            Verdict::KeyUnusable
        );
        assert_eq!(verdict(TOKEN, "ES256", &KEY.replace("\"kty\"", "\"alg\":\"ES384\",\"kty\"")), Verdict::KeyUnusable);
        assert_eq!(verdict(TOKEN, "ES256", &KEY.replace("\"kty\"", "\"use\":\"enc\",\"kty\"")), Verdict::KeyUnusable);
        assert_eq!(verdict(TOKEN, "ES256", &KEY.replace("\"kty\"", "\"key_ops\":[\"sign\"],\"kty\"")), Verdict::KeyUnusable);
    }

    #[test]
    fn an_unsigned_token_is_not_a_token() {
        let unsigned = &TOKEN[..=TOKEN.rfind('.').unwrap()];
        assert_eq!(verdict(unsigned, "ES256", KEY), Verdict::TokenMalformed);
        assert_eq!(verdict("a.b", "ES256", KEY), Verdict::TokenMalformed);
        assert_eq!(verdict("", "ES256", KEY), Verdict::TokenMalformed);
        assert_eq!(verdict(&"a".repeat(TOKEN_BYTES_MAX + 1), "ES256", KEY), Verdict::TokenTooLarge);
    }

    #[test]
    fn short_keys_are_refused_before_they_are_used() {
        // jsonwebtoken would read past the end of a short Ed25519 key and panic.
        let short = r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#;
        assert_eq!(verdict(TOKEN, "EdDSA", short), Verdict::KeyUnusable);
        let small = format!(r#"{{"kty":"RSA","e":"AQAB","n":"{}"}}"#, "v".repeat(171));
        assert_eq!(verdict(TOKEN, "RS256", &small), Verdict::KeyUnusable);
    }
}
