//! What the sample organization consists of: names by login, label and project, dates by days from today.

use serde::Deserialize;

use crate::Error;

const DEFINITION: &str = include_str!("../../sample/organization.json");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Organization {
    pub(super) name: String,
    /// What stands before the numbers of its tasks; comments name tasks by it.
    pub(super) task_key: String,
    pub(super) owner: String,
    pub(super) members: Vec<Member>,
    pub(super) labels: Vec<Label>,
    pub(super) projects: Vec<Project>,
    pub(super) tasks: Vec<Task>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    pub(super) login: String,
    pub(super) role: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Label {
    pub(super) name: String,
    pub(super) color: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Project {
    pub(super) name: String,
    pub(super) color: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Task {
    pub(super) title: String,
    pub(super) by: String,
    #[serde(default)]
    pub(super) description: String,
    pub(super) priority: String,
    pub(super) status: String,
    pub(super) assignee: Option<String>,
    pub(super) project: Option<String>,
    #[serde(default)]
    pub(super) labels: Vec<String>,
    /// The day on which it is due, in days from today. Negative: overdue.
    pub(super) due_in_days: Option<i64>,
    #[serde(default)]
    pub(super) comments: Vec<Comment>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Comment {
    pub(super) by: String,
    pub(super) text: String,
}

/// The definition that this deployer was built with.
///
/// # Errors
///
/// When it does not have the shape of [`Organization`].
pub(super) fn read() -> Result<Organization, Error> {
    serde_json::from_str(DEFINITION).map_err(|cause| {
        Error::failed(
            "The definition of the sample organization does not match this version of the deployer.",
            "Restore deployer/sample with `git checkout deployer/sample`, or deploy with `--empty`",
        )
        .because(cause)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{local::github, project::Project as Checkout};

    #[test]
    fn the_sample_names_only_people_labels_and_projects_that_exist() {
        let sample = read().unwrap();
        let project = Checkout::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let known = github::seeded(&project).unwrap();
        let known: BTreeSet<&str> = known.iter().map(|person| person.login.as_str()).collect();
        let members: BTreeSet<&str> = sample
            .members
            .iter()
            .map(|member| member.login.as_str())
            .chain([sample.owner.as_str()])
            .collect();
        assert!(members.is_subset(&known), "{members:?}");
        // The README shows with him that another organization sees nothing.
        assert!(!members.contains("bob"));
        let labels: BTreeSet<&str> = sample
            .labels
            .iter()
            .map(|label| label.name.as_str())
            .collect();
        let projects: BTreeSet<&str> = sample
            .projects
            .iter()
            .map(|project| project.name.as_str())
            .collect();
        for task in &sample.tasks {
            let people = task.comments.iter().map(|comment| &comment.by);
            for login in people.chain([&task.by]).chain(&task.assignee) {
                assert!(
                    members.contains(login.as_str()),
                    "{login} in {}",
                    task.title
                );
            }
            if let Some(project) = &task.project {
                assert!(
                    projects.contains(project.as_str()),
                    "{project} in {}",
                    task.title
                );
            }
            for label in &task.labels {
                assert!(labels.contains(label.as_str()), "{label} in {}", task.title);
            }
        }
    }

    #[test]
    fn the_sample_is_forty_tasks_in_both_languages() {
        let sample = read().unwrap();
        let is_japanese = |task: &&Task| task.title.chars().any(|letter| letter > '\u{3000}');
        let japanese = sample.tasks.iter().filter(is_japanese).count();
        assert_eq!(sample.tasks.len(), 40);
        assert!((15..=25).contains(&japanese), "{japanese}");
    }

    #[test]
    fn a_comment_names_a_task_by_a_number_that_exists() {
        let sample = read().unwrap();
        let prefix = format!("{}-", sample.task_key);
        let comments = sample.tasks.iter().flat_map(|task| &task.comments);
        let numbers: Vec<usize> = comments
            .filter_map(|comment| comment.text.split_once(&prefix))
            .map(|(_, rest)| rest.trim_end_matches('.').parse().unwrap())
            .collect();
        assert!(!numbers.is_empty());
        for number in numbers {
            assert!((1..=sample.tasks.len()).contains(&number), "{number}");
        }
    }
}
