//! How many people a policy's conditions ask for: read off its JSON form, for lint and for people. Never for deciding.
use serde_json::Value;

const APPROVAL: [&str; 2] = ["context", "approval"];
const QUORUM: [&str; 3] = ["context", "approval", "quorum"];

/// The greatest number that `context.approval.quorum` is compared with; 1 if the policy only asks whether there is an approval;
/// 0 if it does not ask.
pub fn quorum(policy: &Value) -> i64 {
    let mut asks = false;
    let mut most = 0;
    visit(&policy["conditions"], &mut |node| {
        asks |= is_has_approval(node);
        most = most.max(compared(node));
    });
    if most == 0 && asks && policy["effect"] == "permit" {
        return 1;
    }
    most
}

fn visit(node: &Value, see: &mut impl FnMut(&Value)) {
    see(node);
    match node {
        Value::Array(items) => items.iter().for_each(|item| visit(item, see)),
        Value::Object(members) => members.values().for_each(|member| visit(member, see)),
        _ => {}
    }
}

fn is_path(node: &Value, path: &[&str]) -> bool {
    match path {
        [variable] => node["Var"] == *variable,
        [rest @ .., last] => node["."]["attr"] == *last && is_path(&node["."]["left"], rest),
        [] => false,
    }
}

fn is_has_approval(node: &Value) -> bool {
    node["has"]["attr"] == APPROVAL[1] && node["has"]["left"]["Var"] == APPROVAL[0]
}

fn compared(node: &Value) -> i64 {
    let number = |side: &Value| side["Value"].as_i64();
    for (operator, beyond) in [(">=", 0), ("==", 0), ("<", 0), (">", 1), ("<=", 1)] {
        let pair = &node[operator];
        if is_path(&pair["left"], &QUORUM) {
            return number(&pair["right"]).map_or(1, |n| n + beyond);
        }
        if is_path(&pair["right"], &QUORUM) {
            return number(&pair["left"]).unwrap_or(1);
        }
    }
    0
}
