//! Texts in, a checked set or every complaint at once out.
use super::thresholds;
use cedar_policy::{
    ActionConstraint, Effect, Entities, EntityId, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet, Schema, ValidationMode,
    Validator,
};
use miette::Diagnostic;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::str::FromStr;
use std::sync::{Arc, Mutex};

pub struct Source<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

#[derive(Serialize, Debug)]
pub struct Complaint {
    pub file: String,
    pub line: usize, // from 1; 0: of the whole file
    pub column: usize,
    pub policy: String,
    pub fault: String,
    pub remedy: String,
}

#[derive(Serialize)]
pub struct Info {
    pub id: String,
    pub effect: &'static str,
    pub file: String,
    pub line: usize,
    pub annotations: BTreeMap<String, String>,
    pub actions: BTreeSet<String>,
    pub quorum: i64,
    pub names: BTreeSet<String>, // types of the entities it names one by one
    pub text: String,
}

/// What was loaded, and what there is to say about it.
#[derive(Serialize, Default)]
pub struct Report {
    pub errors: Vec<Complaint>,
    pub warnings: Vec<Complaint>,
    pub policies: Vec<Info>,
}

/// A schema and the policies that fit it. Immutable but for a cache of subsets.
pub struct Set {
    pub schema: Schema,
    pub whole: Arc<PolicySet>,
    pub policies: Vec<Policy>, // in the report's order: an index names a policy across the border
    pub index: HashMap<PolicyId, u32>,
    pub actions: Entities,
    pub types: HashMap<String, EntityTypeName>,
    pub action_uids: HashMap<String, EntityUid>,
    pub subsets: Mutex<HashMap<Vec<u32>, Arc<PolicySet>>>, // grants of one template share theirs
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or("");
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

fn complaint(source: &Source, policy: &str, error: &(impl Diagnostic + ?Sized)) -> Complaint {
    let at = error.labels().and_then(|mut labels| labels.next()).map(|label| label.offset());
    let (line, column) = at.map_or((0, 0), |offset| position(source.text, offset));
    Complaint {
        file: source.name.to_string(),
        line,
        column,
        policy: policy.to_string(),
        fault: without_name(&error.to_string(), policy),
        remedy: error.help().map(|help| help.to_string()).unwrap_or_default(),
    }
}

/// Cedar starts its words with the policy's name, which a complaint has apart.
fn without_name(words: &str, policy: &str) -> String {
    words.strip_prefix(&format!("for policy `{policy}`, ")).unwrap_or(words).to_string()
}

struct Loader<'a> {
    schema: Schema,
    sources: &'a [Source<'a>],
    report: Report,
    policies: Vec<(usize, Policy)>, // with the number of its source
    lines: HashMap<PolicyId, (usize, usize)>,
}

impl Loader<'_> {
    fn complain(&mut self, source: usize, at: (usize, usize), policy: &str, fault: &str, remedy: &str) {
        self.report.errors.push(Complaint {
            file: self.sources[source].name.to_string(),
            line: at.0,
            column: at.1,
            policy: policy.to_string(),
            fault: fault.to_string(),
            remedy: remedy.to_string(),
        });
    }

    fn parse(&mut self, number: usize) {
        let source = &self.sources[number];
        match PolicySet::from_str(source.text) {
            Err(errors) => {
                let complaints: Vec<_> = errors.iter().map(|error| complaint(source, "", error)).collect();
                self.report.errors.extend(complaints);
            }
            Ok(set) => {
                if let Some(template) = set.templates().next() {
                    let id = template.annotation("id").unwrap_or_default().to_string();
                    self.complain(
                        number,
                        (0, 0),
                        &id,
                        "has slots (?principal or ?resource)",
                        "write the principal and resource out: nothing here fills slots",
                    );
                }
                let mut found: Vec<_> = set.policies().map(|policy| (self.start(number, policy), policy.clone())).collect();
                found.sort_by_key(|(at, _)| *at);
                for (at, policy) in found {
                    self.adopt(number, at, &policy);
                }
            }
        }
    }

    fn start(&self, number: usize, policy: &Policy) -> (usize, usize) {
        policy.as_ref().loc().map_or((0, 0), |loc| position(self.sources[number].text, loc.start()))
    }

    /// Gives the policy its name: @id, or where it stands.
    fn adopt(&mut self, number: usize, at: (usize, usize), policy: &Policy) {
        let named = policy.annotation("id").unwrap_or_default().trim().to_string();
        let name = if named.is_empty() { format!("{}:{}", self.sources[number].name, at.0) } else { named };
        let id = PolicyId::new(&name);
        if let Some((line, _)) = self.lines.get(&id) {
            let elsewhere = format!("is not the first of this name (line {line} has one)");
            self.complain(number, at, &name, &elsewhere, "give each policy an @id of its own");
            return;
        }
        self.lines.insert(id.clone(), at);
        self.policies.push((number, policy.new_id(id)));
    }

    fn validate(&mut self, set: &PolicySet) {
        let homes: HashMap<PolicyId, usize> =
            self.policies.iter().map(|(number, policy)| (policy.id().clone(), *number)).collect();
        let result = Validator::new(self.schema.clone()).validate(set, ValidationMode::Strict);
        let sources = self.sources;
        let about = |id: &PolicyId| &sources[homes.get(id).copied().unwrap_or(0)];
        let name = |id: &PolicyId| AsRef::<str>::as_ref(id).to_string();
        for error in result.validation_errors() {
            self.report.errors.push(complaint(about(error.policy_id()), &name(error.policy_id()), error));
        }
        for warning in result.validation_warnings() {
            self.report.warnings.push(complaint(about(warning.policy_id()), &name(warning.policy_id()), warning));
        }
    }

    fn describe(&mut self) {
        for (number, policy) in &self.policies {
            let id = AsRef::<str>::as_ref(policy.id()).to_string();
            self.report.policies.push(Info {
                effect: if policy.effect() == Effect::Permit { "permit" } else { "forbid" },
                file: self.sources[*number].name.to_string(),
                line: self.lines.get(policy.id()).map_or(0, |at| at.0),
                annotations: policy.annotations().map(|(key, value)| (key.to_string(), value.to_string())).collect(),
                actions: policy
                    .get_valid_request_envs(&self.schema)
                    .map(|env| env.action().id().unescaped().to_string())
                    .collect(),
                names: policy.entity_literals().iter().map(|uid| uid.type_name().to_string()).collect(),
                quorum: policy.to_json().map_or(0, |json| thresholds::quorum(&json)),
                text: policy.to_cedar().unwrap_or_default(),
                id,
            });
        }
    }
}

/// The checked set, or None if the report has errors.
pub fn load(schema: &Source, sources: &[Source]) -> (Option<Set>, Report) {
    let (parsed, _) = match Schema::from_cedarschema_str(schema.text) {
        Ok((parsed, warnings)) => (parsed, warnings.count()),
        Err(error) => return (None, Report { errors: vec![complaint(schema, "", &error)], ..Report::default() }),
    };
    let mut loader = Loader { schema: parsed, sources, report: Report::default(), policies: vec![], lines: HashMap::new() };
    for number in 0..sources.len() {
        loader.parse(number);
    }
    let whole = match PolicySet::from_policies(loader.policies.iter().map(|(_, policy)| policy.clone())) {
        Ok(whole) => whole,
        Err(error) => {
            loader.complain(0, (0, 0), "", &error.to_string(), "");
            return (None, loader.report);
        }
    };
    loader.validate(&whole);
    if !loader.report.errors.is_empty() {
        return (None, loader.report);
    }
    loader.describe();
    let Loader { schema, report, policies, .. } = loader;
    match Set::new(schema, whole, policies.into_iter().map(|(_, policy)| policy).collect()) {
        Ok(set) => (Some(set), report),
        Err(error) => (
            None,
            Report {
                errors: vec![Complaint {
                    file: String::new(),
                    line: 0,
                    column: 0,
                    policy: String::new(),
                    fault: error,
                    remedy: String::new(),
                }],
                ..report
            },
        ),
    }
}

impl Set {
    fn new(schema: Schema, whole: PolicySet, policies: Vec<Policy>) -> Result<Self, String> {
        let index = policies.iter().enumerate().map(|(at, policy)| (policy.id().clone(), at as u32)).collect();
        let actions = schema.action_entities().map_err(|error| error.to_string())?;
        let types = schema.entity_types().map(|name| (name.to_string(), name.clone())).collect();
        let action_uids = schema.actions().map(|uid| (uid.id().unescaped().to_string(), uid.clone())).collect();
        Ok(Self { whole: Arc::new(whole), policies, index, actions, types, action_uids, subsets: Mutex::default(), schema })
    }

    /// # Errors
    /// When the schema has no such type.
    pub fn uid(&self, kind: &str, id: &str) -> Result<EntityUid, String> {
        let kind = self.types.get(kind).ok_or_else(|| format!("the schema has no entity type {kind}"))?;
        Ok(EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id)))
    }

    /// # Errors
    /// When the schema has no such action.
    pub fn action(&self, name: &str) -> Result<&EntityUid, String> {
        self.action_uids.get(name).ok_or_else(|| format!("the schema has no action {name}"))
    }

    /// Can a policy with this constraint apply to this action?
    pub fn covers(&self, constraint: &ActionConstraint, action: &EntityUid) -> bool {
        let inside = |group: &EntityUid| group == action || self.actions.is_ancestor_of(group, action);
        match constraint {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(one) => one == action,
            ActionConstraint::In(groups) => groups.iter().any(inside),
        }
    }
}
