//! The C entries. What each promises is said in `include/narrowgate_ffi.h`.
use super::evaluate::Slice;
use super::facts::{self, CRequest, Field, Object, Uid};
use super::load::{self, Set, Source};
use crate::c_abi::{entry, free, give, hand_out, slice, Str, Text};
use cedar_policy::{Context, Entities};
use std::ptr::null_mut;
use std::sync::Arc;

pub struct CSet(Arc<Set>);
pub struct CEntities(Entities);
pub struct CSlice(Slice);
pub struct CContext(Context);

#[repr(C)]
pub struct CSource {
    name: Str,
    text: Str,
}

#[repr(C)]
pub struct CAnswer {
    permitted: i32,
    reasons: *mut u32,
    reason_capacity: usize,
    reason_count: usize,
    error_count: usize,
}

unsafe fn source<'a>(from: &CSource) -> Result<Source<'a>, String> {
    let name = from.name.get()?;
    let text = from.text.get().map_err(|_| format!("{name} is not UTF-8"))?;
    Ok(Source { name, text })
}

/// # Safety
/// As the header says.
#[no_mangle]
pub unsafe extern "C" fn ng_cedar_load(schema: CSource, sources: *const CSource, count: usize, report: *mut Text) -> *mut CSet {
    entry(report, null_mut(), || {
        let sources: Result<Vec<_>, _> = slice(sources, count).iter().map(|one| source(one)).collect();
        let (set, found) = load::load(&source(&schema)?, &sources?);
        give(report, serde_json::to_string(&found).map_err(|error| error.to_string())?);
        Ok(set.map_or(null_mut(), |set| hand_out(CSet(Arc::new(set)))))
    })
}

/// # Safety
/// As the header says.
#[no_mangle]
pub unsafe extern "C" fn ng_cedar_set_free(set: *mut CSet) {
    free(set);
}

/// # Safety
/// As the header says.
#[no_mangle]
pub unsafe extern "C" fn ng_cedar_entities_new(set: &CSet, json: Str, error: *mut Text) -> *mut CEntities {
    entry(error, null_mut(), || Ok(hand_out(CEntities(facts::entities(&set.0, json.get()?)?))))
}

/// # Safety
/// As the header says.
#[no_mangle]
pub unsafe extern "C" fn ng_cedar_entities_with(
    set: &CSet,
    base: &CEntities,
    objects: *const Object,
    count: usize,
    error: *mut Text,
) -> *mut CEntities {
    entry(error, null_mut(), || Ok(hand_out(CEntities(facts::entities_with(&set.0, &base.0, slice(objects, count))?))))
}

/// # Safety
/// As the header says.
#[no_mangle]
pub unsafe extern "C" fn ng_cedar_entities_free(entities: *mut CEntities) {
    free(entities);
}

/// # Safety
/// As the header says.
#[no_mangle]
pub unsafe extern "C" fn ng_cedar_slice_new(
    set: &CSet,
    entities: &CEntities,
    principal: Uid,
    actions: *const Str,
    count: usize,
    error: *mut Text,
) -> *mut CSlice {
    entry(error, null_mut(), || {
        let principal = facts::principal_of(&set.0, &principal)?;
        let actions: Result<Vec<_>, String> =
            slice(actions, count).iter().map(|name| Ok(set.0.action(name.get()?)?.clone())).collect();
        Ok(hand_out(CSlice(Slice::new(set.0.clone(), &entities.0, &principal, &actions?)?)))
    })
}

/// # Safety
/// As the header says.
#[no_mangle]
pub unsafe extern "C" fn ng_cedar_slice_whole(set: &CSet) -> *mut CSlice {
    entry(null_mut(), null_mut(), || Ok(hand_out(CSlice(Slice::whole(set.0.clone())))))
}

/// # Safety
/// As the header says.
#[no_mangle]
pub unsafe extern "C" fn ng_cedar_slice_free(slice: *mut CSlice) {
    free(slice);
}

/// # Safety
/// As the header says.
#[no_mangle]
pub unsafe extern "C" fn ng_cedar_slice_policies(slice: &CSlice, action: Str) -> usize {
    entry(null_mut(), 0, || {
        let action = slice.0.set.action(action.get()?)?;
        Ok(slice.0.policies_for(action)?.num_of_policies())
    })
}

/// # Safety
/// As the header says.
#[no_mangle]
pub unsafe extern "C" fn ng_cedar_context_new(set: &CSet, fields: *const Field, count: usize, error: *mut Text) -> *mut CContext {
    entry(error, null_mut(), || Ok(hand_out(CContext(facts::context(&set.0, slice(fields, count))?))))
}

/// # Safety
/// As the header says.
#[no_mangle]
pub unsafe extern "C" fn ng_cedar_context_free(context: *mut CContext) {
    free(context);
}

/// # Safety
/// As the header says.
#[no_mangle]
pub unsafe extern "C" fn ng_cedar_evaluate(
    slice: &CSlice,
    entities: &CEntities,
    request: &CRequest,
    context: &CContext,
    answer: &mut CAnswer,
    errors: *mut Text,
) -> i32 {
    answer.permitted = 0;
    answer.reason_count = 0;
    answer.error_count = 0;
    entry(errors, -1, || {
        let found = slice.0.evaluate(&facts::request(&slice.0.set, request, &context.0)?, &entities.0)?;
        let room = if answer.reasons.is_null() { 0 } else { answer.reason_capacity };
        for (at, reason) in found.reasons.iter().take(room).enumerate() {
            answer.reasons.add(at).write(*reason);
        }
        answer.reason_count = found.reasons.len();
        answer.error_count = found.errors.len();
        if !found.errors.is_empty() {
            give(errors, found.errors.join("\n"));
        }
        answer.permitted = i32::from(found.permitted && found.errors.is_empty());
        Ok(0)
    })
}

/// # Safety
/// As the header says.
#[no_mangle]
pub unsafe extern "C" fn ng_cedar_explain(
    slice: &CSlice,
    entities: &CEntities,
    request: &CRequest,
    context: &CContext,
    out: *mut Text,
) -> i32 {
    entry(out, -1, || {
        let found = slice.0.explain(&facts::request(&slice.0.set, request, &context.0)?, &entities.0)?;
        give(out, serde_json::to_string(&found).map_err(|error| error.to_string())?);
        Ok(0)
    })
}
