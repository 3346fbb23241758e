//! Entities and requests out of what the caller hands over: JSON where it is made once per grant, plain values per decision.
use super::load::Set;
use crate::c_abi::{slice, Str};
use cedar_policy::{Context, Entities, Entity, EntityUid, Request, RestrictedExpression};
use std::collections::HashSet;

#[repr(C)]
pub struct Uid {
    kind: Str,
    id: Str,
}

/// An entity without attributes.
#[repr(C)]
pub struct Object {
    uid: Uid,
    parents: *const Uid,
    parent_count: usize,
}

/// Numbered as in the header.
const BOOL: u32 = 0;
const LONG: u32 = 1;
const STRING: u32 = 2;
const INSTANT: u32 = 3;
const ENTITIES: u32 = 4;
const RECORD: u32 = 5;
const RECORD_DEPTH_MAX: u32 = 8; // the schema's deepest is 2

#[repr(C)]
pub struct Field {
    name: Str,
    kind: u32,
    number: i64,
    text: Str,
    items: *const std::ffi::c_void,
    count: usize,
}

#[repr(C)]
pub struct CRequest {
    principal: Uid,
    action: Str,
    resource: Uid,
}

unsafe fn uid(set: &Set, from: &Uid) -> Result<EntityUid, String> {
    set.uid(from.kind.get()?, from.id.get()?)
}

pub unsafe fn principal_of(set: &Set, from: &Uid) -> Result<EntityUid, String> {
    uid(set, from)
}

/// Entities from JSON, held to the schema, with the schema's actions among them.
pub fn entities(set: &Set, json: &str) -> Result<Entities, String> {
    Entities::from_json_str(json, Some(&set.schema)).map_err(|error| explain(&error))
}

/// `base` and some objects more. One that `base` has already must be the same there.
pub unsafe fn entities_with(set: &Set, base: &Entities, objects: &[Object]) -> Result<Entities, String> {
    let mut more = Vec::with_capacity(objects.len());
    for object in objects {
        let parents: Result<HashSet<_>, _> =
            slice(object.parents, object.parent_count).iter().map(|parent| uid(set, parent)).collect();
        more.push(Entity::new_no_attrs(uid(set, &object.uid)?, parents?));
    }
    base.clone().add_entities(more, None).map_err(|error| explain(&error))
}

unsafe fn value(set: &Set, field: &Field, depth: u32) -> Result<RestrictedExpression, String> {
    Ok(match field.kind {
        BOOL => RestrictedExpression::new_bool(field.number != 0),
        LONG => RestrictedExpression::new_long(field.number),
        STRING => RestrictedExpression::new_string(field.text.get()?.to_string()),
        INSTANT => RestrictedExpression::new_datetime(field.text.get()?),
        ENTITIES => {
            let uids: Result<Vec<_>, _> =
                slice(field.items.cast::<Uid>(), field.count).iter().map(|item| uid(set, item)).collect();
            RestrictedExpression::new_set(uids?.into_iter().map(RestrictedExpression::new_entity_uid))
        }
        RECORD => RestrictedExpression::new_record(pairs(set, slice(field.items.cast::<Field>(), field.count), depth + 1)?)
            .map_err(|error| error.to_string())?,
        other => return Err(format!("no such kind of value: {other}")),
    })
}

unsafe fn pairs(set: &Set, fields: &[Field], depth: u32) -> Result<Vec<(String, RestrictedExpression)>, String> {
    if depth > RECORD_DEPTH_MAX {
        return Err("records nest too deeply".to_string());
    }
    fields.iter().map(|field| Ok((field.name.get()?.to_string(), value(set, field, depth)?))).collect()
}

/// A context; what it must hold is checked with the request.
pub unsafe fn context(set: &Set, fields: &[Field]) -> Result<Context, String> {
    Context::from_pairs(pairs(set, fields, 0)?).map_err(|error| error.to_string())
}

/// The request, held to the schema.
pub unsafe fn request(set: &Set, from: &CRequest, context: &Context) -> Result<Request, String> {
    let action = set.action(from.action.get()?)?.clone();
    Request::new(uid(set, &from.principal)?, action, uid(set, &from.resource)?, context.clone(), Some(&set.schema))
        .map_err(|error| explain(&error))
}

/// The error with its causes: the outermost often says only that there is one.
fn explain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        cause = inner.source();
    }
    words
}
