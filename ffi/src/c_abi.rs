//! What crosses the border: borrowed text in, owned text out, and the guard that every entry runs under.
use std::panic::{catch_unwind, AssertUnwindSafe};

/// Borrowed UTF-8; valid for the length of one call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    data: *const u8,
    size: usize,
}

/// Text that the caller gives back with `ng_text_free`.
#[repr(C)]
pub struct Text {
    data: *mut u8,
    size: usize,
}

impl Str {
    /// # Safety
    /// `data` must be readable for `size` bytes for as long as the result is used.
    pub unsafe fn get<'a>(self) -> Result<&'a str, String> {
        std::str::from_utf8(slice(self.data, self.size)).map_err(|_| "text is not UTF-8".to_string())
    }
}

impl Text {
    fn of(text: String) -> Self {
        let bytes = text.into_bytes().into_boxed_slice();
        let size = bytes.len();
        Self { data: Box::into_raw(bytes).cast(), size }
    }
}

/// # Safety
/// `data` must be readable for `count` elements, or `count` must be 0.
pub unsafe fn slice<'a, T>(data: *const T, count: usize) -> &'a [T] {
    if count == 0 || data.is_null() {
        return &[];
    }
    std::slice::from_raw_parts(data, count)
}

/// Writes `text` where the caller asked for it; a null `out` does not want it.
///
/// # Safety
/// `out` must be null or writable. What it held before is not freed.
pub unsafe fn give(out: *mut Text, text: String) {
    if !out.is_null() {
        out.write(Text::of(text));
    }
}

/// Runs one entry. An error or a panic becomes text in `out` and `failed`.
///
/// # Safety
/// As for `give`.
pub unsafe fn entry<T>(out: *mut Text, failed: T, body: impl FnOnce() -> Result<T, String>) -> T {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => value,
        Ok(Err(why)) => {
            give(out, why);
            failed
        }
        Err(panic) => {
            let what = panic
                .downcast_ref::<&str>()
                .map(ToString::to_string)
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            give(out, format!("a library panicked: {what}"));
            failed
        }
    }
}

/// Hands `value` out; `free` takes it back.
pub fn hand_out<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

/// # Safety
/// `pointer` must be null or come from `hand_out`, and not be used again.
pub unsafe fn free<T>(pointer: *mut T) {
    if !pointer.is_null() {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(Box::from_raw(pointer))));
    }
}

/// # Safety
/// `text` must be null, or hold what this library wrote into it, or zeroes.
#[no_mangle]
pub unsafe extern "C" fn ng_text_free(text: *mut Text) {
    if let Some(text) = text.as_mut() {
        if !text.data.is_null() {
            drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(text.data, text.size)));
        }
        text.data = std::ptr::null_mut();
        text.size = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(mut text: Text) -> String {
        let copy = unsafe { String::from_utf8_lossy(slice(text.data, text.size)).into_owned() };
        unsafe { ng_text_free(&mut text) };
        copy
    }

    #[test]
    fn a_panic_becomes_an_error_with_its_words() {
        let mut out = Text { data: std::ptr::null_mut(), size: 0 };
        let answer = unsafe { entry(&mut out, 7, || -> Result<i32, String> { panic!("ouch") }) };
        assert_eq!(answer, 7);
        assert_eq!(taken(out), "a library panicked: ouch");
    }

    #[test]
    fn text_that_is_not_utf8_is_an_error() {
        let bytes = [0xffu8];
        assert!(unsafe { Str { data: bytes.as_ptr(), size: 1 }.get() }.is_err());
        assert_eq!(unsafe { Str { data: std::ptr::null(), size: 0 }.get() }, Ok(""));
    }
}
