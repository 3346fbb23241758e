use super::load::{load, Report, Set, Source};
use super::{evaluate::Slice, facts, thresholds};
use cedar_policy::{Context, Request};
use std::sync::Arc;

const SCHEMA: &str = r#"namespace N {
  entity Group; entity Who in [Group] = { "age": Long }; entity What;
  action "all";
  action "see", "touch" in ["all"]
    appliesTo { principal: [Who], resource: [What], context: { "n": Long, "approval"?: { "quorum": Long } } };
}"#;

fn try_load(files: &[(&str, &str)]) -> (Option<Set>, Report) {
    let sources: Vec<_> = files.iter().map(|(name, text)| Source { name, text }).collect();
    load(&Source { name: "schema", text: SCHEMA }, &sources)
}

#[test]
fn every_complaint_of_every_file_comes_at_once_with_its_place() {
    let (set, report) = try_load(&[
        ("a.cedar", "@id(\"typo\")\npermit (principal, action, resource)\nwhen { principal.agee > 1 };"),
        ("b.cedar", "permit (principal, action, resource"),
        (
            "c.cedar",
            "@id(\"typo\") forbid (principal, action == N::Action::\"sea\", resource);\n\
             @id(\"x\") forbid (principal, action == N::Action::\"sea\", resource);",
        ),
        ("d.cedar", "@id(\"slot\") permit (principal == ?principal, action, resource);"),
    ]);
    assert!(set.is_none());
    let places: Vec<_> = report.errors.iter().map(|e| (e.file.as_str(), e.line, e.policy.as_str())).collect();
    assert!(places.contains(&("a.cedar", 3, "typo")), "{:?}", report.errors);
    assert!(places.contains(&("b.cedar", 1, "")), "{:?}", report.errors);
    assert!(places.contains(&("c.cedar", 1, "typo")), "{:?}", report.errors);
    assert!(places.iter().any(|p| p.0 == "c.cedar" && p.2 == "x"), "{:?}", report.errors);
    assert!(places.contains(&("d.cedar", 0, "slot")), "{:?}", report.errors);
}

#[test]
fn a_policy_without_a_name_is_called_by_its_place() {
    let (set, report) = try_load(&[("a.cedar", "\n\npermit (principal, action, resource) when { context.n > 1 };")]);
    assert!(set.is_some());
    assert_eq!(report.policies[0].id, "a.cedar:3");
    assert_eq!(report.policies[0].line, 3);
}

fn answer(policies: &str, action: &str, n: i64, whole: bool) -> (bool, Vec<u32>, usize) {
    let (set, report) = try_load(&[("p", policies)]);
    let set = Arc::new(set.unwrap_or_else(|| panic!("{:?}", report.errors)));
    let entities = facts::entities(
        &set,
        r#"[{"uid":{"type":"N::Who","id":"w"},"attrs":{"age":9223372036854775807},"parents":[{"type":"N::Group","id":"g"}]}]"#,
    )
    .unwrap();
    let (who, act) = (set.uid("N::Who", "w").unwrap(), set.action(action).unwrap().clone());
    let context = Context::from_json_value(serde_json::json!({ "n": n }), None).unwrap();
    let request = Request::new(who.clone(), act.clone(), set.uid("N::What", "x").unwrap(), context, Some(&set.schema)).unwrap();
    let slice = if whole { Slice::whole(set) } else { Slice::new(set, &entities, &who, &[act]).unwrap() };
    let found = slice.evaluate(&request, &entities).unwrap();
    (found.permitted, found.reasons, found.errors.len())
}

#[test]
fn a_slice_leaves_out_only_what_cannot_apply() {
    let policies = r#"
      @id("0") permit (principal in N::Group::"g", action in N::Action::"all", resource);
      @id("1") permit (principal in N::Group::"h", action, resource);
      @id("2") forbid (principal is N::Who, action == N::Action::"touch", resource) when { context.n > 1 };
      @id("3") forbid (principal == N::Who::"v", action, resource);"#;
    for (action, n) in [("see", 5), ("touch", 5), ("touch", 0)] {
        assert_eq!(answer(policies, action, n, false), answer(policies, action, n, true));
    }
    assert_eq!(answer(policies, "see", 5, false), (true, vec![0], 0));
    assert_eq!(answer(policies, "touch", 5, false), (false, vec![2], 0));
}

#[test]
fn an_evaluation_error_is_reported_beside_the_decision() {
    let policies = r#"
      @id("0") permit (principal, action, resource);
      @id("1") forbid (principal is N::Who, action, resource) when { principal.age + context.n > 1 };"#;
    assert_eq!(answer(policies, "see", 1, false), (true, vec![0], 1));
}

#[test]
fn thresholds_are_read_off_the_conditions() {
    let quorum = |text: &str| try_load(&[("p", text)]).1.policies[0].quorum;
    assert_eq!(quorum("permit (principal, action, resource) when { context has approval && context.approval.quorum >= 2 };"), 2);
    assert_eq!(
        quorum("forbid (principal, action, resource) unless { context has approval && 3 <= context.approval.quorum };"),
        3
    );
    assert_eq!(quorum("permit (principal, action, resource) when { context has approval };"), 1);
    assert_eq!(quorum("permit (principal, action, resource) when { context.n > 7 };"), 0);
    assert_eq!(thresholds::quorum(&serde_json::json!({})), 0);
}
