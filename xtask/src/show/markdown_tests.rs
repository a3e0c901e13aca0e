//! The comment of a plan in a pull request.

use deployer::plan::Plan;

use super::*;
use crate::show::plan::tests::plan;

#[test]
fn a_comment_says_first_what_to_look_at() {
    insta::assert_snapshot!(text(&plan(), None, None));
}

#[test]
fn a_plan_that_does_nothing_is_one_line() {
    let mut plan = plan();
    plan.stacks.drain(..2);
    plan.risks.clear();
    plan.migrations.run = false;
    plan.site.put = false;
    plan.alias_resets.clear();
    insta::assert_snapshot!(text(&plan, None, None), @"
        <!-- miyabi plan local -->
        **Plan for `local`:** nothing to do, the deployed stage matches the checkout.
        ");
}

#[test]
fn nothing_in_a_template_is_read_as_markdown() {
    let shown = [
        "a`b",
        "``",
        "`",
        "a | b\n\n# title @somebody <img src=x> [a](b)",
        "",
        " x ",
    ]
    .map(code);
    insta::assert_snapshot!(shown.join("\n"), @"
        ``a`b``
        ``` `` ```
        `` ` ``
        `a | b  # title @somebody <img src=x> [a](b)`
        `(empty)`
        `  x  `
        ");
}

#[test]
fn a_comment_is_never_longer_than_github_takes() {
    let mut long: Plan = plan();
    let data = &mut long.stacks[1];
    let change = data.resources[1].clone();
    data.resources.extend(std::iter::repeat_n(change, 2000));
    let text = text(&long, None, None);
    assert!(text.len() < 65_536, "{}", text.len());
    assert!(text.contains("` shows all."));
    assert!(text.contains("[!CAUTION]") && text.contains("no change: `site`"));
}
