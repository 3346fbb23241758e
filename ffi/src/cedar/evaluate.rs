//! Decisions, and the subsets of a policy set that are enough to make them.
//!
//! A subset keeps every policy whose scope (the part before `when`) can match the principal and the action. Scopes cannot err, so
//! what is left out would neither have applied nor failed: a slice decides exactly as the whole set, errors included.
use super::load::Set;
use cedar_policy::{Authorizer, Decision, Effect, Entities, EntityUid, Policy, PolicySet, PrincipalConstraint, Request};
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;

const SUBSETS_MAX: usize = 4096; // templates × agents × actions in practice; more are made afresh each time

pub struct Slice {
    pub set: Arc<Set>,
    by_action: HashMap<EntityUid, Arc<PolicySet>>,
}

pub struct Answer {
    pub permitted: bool,
    pub reasons: Vec<u32>,
    pub errors: Vec<String>,
}

#[derive(Serialize)]
pub struct Explained {
    pub policy: String,
    pub effect: &'static str,
    pub applies: &'static str,
    pub error: String,
}

fn can_match(set: &Set, policy: &Policy, principal: &EntityUid, entities: &Entities, action: &EntityUid) -> bool {
    let inside = |group: &EntityUid| group == principal || entities.is_ancestor_of(group, principal);
    let principal_fits = match policy.principal_constraint() {
        PrincipalConstraint::Any => true,
        PrincipalConstraint::Is(kind) => kind == *principal.type_name(),
        PrincipalConstraint::In(group) => inside(&group),
        PrincipalConstraint::Eq(one) => one == *principal,
        PrincipalConstraint::IsIn(kind, group) => kind == *principal.type_name() && inside(&group),
    };
    principal_fits && set.covers(&policy.action_constraint(), action)
}

fn subset(set: &Set, kept: Vec<u32>) -> Result<Arc<PolicySet>, String> {
    let mut subsets = set.subsets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(found) = subsets.get(&kept) {
        return Ok(found.clone());
    }
    let policies = kept.iter().map(|at| set.policies[*at as usize].clone());
    let made = Arc::new(PolicySet::from_policies(policies).map_err(|error| error.to_string())?);
    if subsets.len() < SUBSETS_MAX {
        subsets.insert(kept, made.clone());
    }
    Ok(made)
}

impl Slice {
    /// The policies that can apply to `principal` doing one of `actions`.
    pub fn new(set: Arc<Set>, entities: &Entities, principal: &EntityUid, actions: &[EntityUid]) -> Result<Self, String> {
        let mut by_action = HashMap::new();
        for action in actions {
            let kept: Vec<u32> = (0..)
                .zip(&set.policies)
                .filter(|(_, policy)| can_match(&set, policy, principal, entities, action))
                .map(|(at, _)| at)
                .collect();
            by_action.insert(action.clone(), subset(&set, kept)?);
        }
        Ok(Self { set, by_action })
    }

    /// Every policy, for every action.
    pub fn whole(set: Arc<Set>) -> Self {
        let by_action = set.action_uids.values().map(|action| (action.clone(), set.whole.clone())).collect();
        Self { set, by_action }
    }

    pub fn policies_for(&self, action: &EntityUid) -> Result<&PolicySet, String> {
        self.by_action.get(action).map(AsRef::as_ref).ok_or_else(|| format!("the slice was not made for {action}"))
    }

    pub fn evaluate(&self, request: &Request, entities: &Entities) -> Result<Answer, String> {
        let action = request.action().ok_or("the request names no action")?;
        let response = Authorizer::new().is_authorized(request, self.policies_for(action)?, entities);
        let mut reasons: Vec<u32> = response.diagnostics().reason().filter_map(|id| self.set.index.get(id).copied()).collect();
        reasons.sort_unstable();
        Ok(Answer {
            permitted: response.decision() == Decision::Allow,
            reasons,
            errors: response.diagnostics().errors().map(ToString::to_string).collect(),
        })
    }

    /// What each policy, alone, makes of the request.
    pub fn explain(&self, request: &Request, entities: &Entities) -> Result<Vec<Explained>, String> {
        let action = request.action().ok_or("the request names no action")?;
        let mut out = Vec::new();
        for policy in &self.set.policies {
            if self.policies_for(action)?.policy(policy.id()).is_some() {
                out.push(explain_one(policy, request, entities)?);
            }
        }
        Ok(out)
    }
}

fn explain_one(policy: &Policy, request: &Request, entities: &Entities) -> Result<Explained, String> {
    let alone = PolicySet::from_policies([policy.clone()]).map_err(|error| error.to_string())?;
    let response = Authorizer::new().is_authorized(request, &alone, entities);
    let error = response.diagnostics().errors().map(ToString::to_string).next();
    let determined = response.diagnostics().reason().next().is_some();
    Ok(Explained {
        policy: AsRef::<str>::as_ref(policy.id()).to_string(),
        effect: if policy.effect() == Effect::Permit { "permit" } else { "forbid" },
        applies: match (&error, determined) {
            (Some(_), _) => "error",
            (None, true) => "yes",
            (None, false) => "no",
        },
        error: error.unwrap_or_default(),
    })
}
