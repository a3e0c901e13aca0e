//! Notifications that tasks cause, in the transaction of what they are about.
//!
//! Somebody is notified of an assignment to them, of a mention (`@login`) in a comment or a
//! description, and of comments and changes of the status of a task that they watch; never of what
//! they did themselves, and only while they are a member. The function `inbox` shows them.

use miyabi_core::{ApiError, Caller, Tx, permission::Requires};
use uuid::Uuid;

use crate::fields::Fields;

/// Most people whom one text mentions.
const MAX_MENTIONS: usize = 20;
/// Longest login, in characters, as `users.login` has it.
const MAX_LOGIN: usize = 100;

/// Who did what to which task.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Act {
    organization: Uuid,
    actor: Uuid,
    task: Uuid,
}

/// Whom an act notifies, and who watches the task from now on.
#[derive(Debug, Default, PartialEq, Eq)]
struct Notice {
    assigned: Option<Uuid>,
    /// Logins in lower case.
    mentioned: Vec<String>,
    tells_watchers: bool,
    watchers: Vec<Uuid>,
}

impl Act {
    /// Something that the caller does to a task.
    pub(crate) fn of<P: Requires>(caller: &Caller<P>, task: Uuid) -> Act {
        Act {
            organization: caller.organization_id(),
            actor: caller.user_id(),
            task,
        }
    }

    /// A task was created.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub(crate) async fn created(self, tx: &mut Tx, task: &Fields) -> Result<(), ApiError> {
        let notice = Notice {
            assigned: task.assignee_id,
            mentioned: mentions(&task.description),
            tells_watchers: false,
            watchers: [Some(self.actor), task.assignee_id]
                .into_iter()
                .flatten()
                .collect(),
        };
        self.write(tx, &notice).await
    }

    /// A task was changed.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub(crate) async fn changed(
        self,
        tx: &mut Tx,
        before: &Fields,
        after: &Fields,
    ) -> Result<(), ApiError> {
        self.write(tx, &Notice::of_change(before, after)).await
    }

    /// A comment was added, or changed from `before`.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub(crate) async fn commented(
        self,
        tx: &mut Tx,
        before: Option<&str>,
        body: &str,
    ) -> Result<(), ApiError> {
        let notice = Notice {
            assigned: None,
            mentioned: new_mentions(before.unwrap_or_default(), body),
            tells_watchers: before.is_none(),
            watchers: before.is_none().then_some(self.actor).into_iter().collect(),
        };
        self.write(tx, &notice).await
    }

    /// Everything in one statement, and none when nobody is concerned.
    async fn write(self, tx: &mut Tx, notice: &Notice) -> Result<(), ApiError> {
        if *notice == Notice::default() {
            return Ok(());
        }
        // Sorted, so that two acts on one task do not wait for each other. Members before logins:
        // an index finds the members of an organization, and no index finds a login.
        sqlx::query!(
            "with watched as (
                insert into task_watchers (organization_id, task_id, user_id)
                select $1, $2, watcher from unnest($7::uuid[]) watcher on conflict do nothing
             ), members as materialized (
                select m.user_id from memberships m
                where m.organization_id = $1 and m.removed_at is null and cardinality($5::text[]) > 0
             ), concerned as (
                select $4::uuid as user_id, 'assigned' as reason
                union all
                select m.user_id, 'mentioned' from members m join users u on u.id = m.user_id
                where lower(u.login) = any($5)
                union all
                select w.user_id, 'watching' from task_watchers w
                where $6 and w.organization_id = $1 and w.task_id = $2
             ), noted as (
                insert into notifications as n (organization_id, id, user_id, task_id, reasons, actor_id)
                select $1, gen_random_uuid(), c.user_id, $2, array_agg(distinct c.reason), $3
                from concerned c
                join memberships m on m.organization_id = $1 and m.user_id = c.user_id and m.removed_at is null
                where c.user_id <> $3
                group by c.user_id order by c.user_id
                on conflict (organization_id, user_id, task_id) do update set
                    reasons = case when n.read_at is null and n.archived_at is null
                        then array(select distinct r from unnest(n.reasons || excluded.reasons) r order by r)
                        else excluded.reasons end,
                    actor_id = excluded.actor_id, updated_at = now(),
                    read_at = null, archived_at = null, snoozed_until = null
                returning n.user_id
             )
             insert into inbox_signals (organization_id, user_id) select $1, user_id from noted",
            self.organization,
            self.task,
            self.actor,
            notice.assigned,
            &notice.mentioned,
            notice.tells_watchers,
            &notice.watchers,
        )
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

impl Notice {
    fn of_change(before: &Fields, after: &Fields) -> Notice {
        let assigned = after
            .assignee_id
            .filter(|_| after.assignee_id != before.assignee_id);
        Notice {
            assigned,
            mentioned: new_mentions(&before.description, &after.description),
            tells_watchers: after.status != before.status,
            watchers: assigned.into_iter().collect(),
        }
    }
}

/// Logins that a text mentions and the text before it did not.
fn new_mentions(before: &str, after: &str) -> Vec<String> {
    if before == after {
        return Vec::new();
    }
    let known = mentions(before);
    let mut new = mentions(after);
    new.retain(|login| !known.contains(login));
    new
}

/// The logins after each `@` that does not follow an ASCII letter or digit, as it does in an e-mail
/// address (Japanese has no spaces before it): in lower case, each once, the first [`MAX_MENTIONS`].
fn mentions(text: &str) -> Vec<String> {
    let is_login =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    let mut found: Vec<String> = Vec::new();
    for (place, _) in text.match_indices('@') {
        let follows_a_word = text[..place].ends_with(|c: char| {
            c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@')
        });
        let rest = &text[place + 1..];
        let end = rest.find(|c| !is_login(c)).unwrap_or(rest.len());
        let login = rest[..end].trim_end_matches('-').to_ascii_lowercase();
        if follows_a_word || login.is_empty() || login.len() > MAX_LOGIN || found.contains(&login) {
            continue;
        }
        found.push(login);
        if found.len() == MAX_MENTIONS {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_is_a_login_after_an_at_sign_that_begins_a_word() {
        let cases: [(&str, &[&str]); 8] = [
            ("@bob", &["bob"]),
            ("Ask @Bob, (@carol-x) and @bob!", &["bob", "carol-x"]),
            ("お願いします@aki さん、@aki-", &["aki"]),
            ("a@example.com and https://x.example/@me", &[]),
            ("@@bob @ @- @", &[]),
            ("line\n@bob\n@carol", &["bob", "carol"]),
            ("@bob.", &["bob"]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(mentions(text), expected, "{text}");
        }
        let many: String = (0..30).map(|number| format!("@person{number} ")).collect();
        assert_eq!(mentions(&many).len(), MAX_MENTIONS);
        assert!(mentions(&format!("@{}", "x".repeat(101))).is_empty());
    }

    #[test]
    fn only_what_is_new_notifies() {
        assert_eq!(new_mentions("For @bob", "For @bob and @carol"), ["carol"]);
        assert!(new_mentions("@bob @carol", "@carol").is_empty());
    }
}
