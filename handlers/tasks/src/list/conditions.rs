//! The conditions of a filter, each with operators that an index has.

use miyabi_core::{Day, Timestamp};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::{
    Filter,
    filter::{Overdue, Wanted},
};
use crate::number::TaskNumber;

impl Filter {
    /// Which number, and of which key.
    pub(super) fn write_number(&self, sql: &mut QueryBuilder<'_, Postgres>, organization: Uuid) {
        let Some(TaskNumber { key, number }) = &self.number else {
            return;
        };
        sql.push(" and t.number = ").push_bind(*number);
        if let Some(key) = key {
            sql.push(" and (select task_key from organizations where id = ")
                .push_bind(organization)
                .push(") = ")
                .push_bind(key.clone());
        }
    }

    /// Who has, who created, of what it is a part, and in which project it is.
    pub(super) fn write_references(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        for (column, value) in self.references() {
            write_reference(sql, column, value);
        }
    }

    /// The columns that refer to a user, a task or a project, and what they must be.
    pub(super) fn references(&self) -> [(&'static str, Wanted); 4] {
        [
            ("t.assignee_id", self.assignee),
            ("t.created_by", self.creator),
            ("t.parent_id", self.parent),
            ("t.project_id", self.project),
        ]
    }

    pub(super) fn write_times_and_title(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        self.write_due(sql);
        self.write_created(sql);
        self.write_title_prefix(sql);
    }

    pub(super) fn write_due(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        // Without a due date the key is infinite.
        write_time(
            sql,
            "t.due_key < 'infinity' and t.due_key >= ",
            self.due_from,
        );
        write_time(sql, "t.due_key < ", self.due_before);
        if let Some(Overdue { today }) = self.overdue {
            // The first condition is for the index alone. A day has no time, and is over when the
            // reader's next one begins.
            sql.push(" and t.due_key <= greatest(now(), ");
            write_today(sql, today);
            sql.push("::timestamp at time zone 'UTC') and (t.due_on < ");
            write_today(sql, today);
            sql.push(" or t.due_on is null and t.due_key < now())");
        }
    }

    pub(super) fn write_created(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        write_time(sql, "t.created_at >= ", self.created_from);
        write_time(sql, "t.created_at < ", self.created_before);
    }

    /// The same of a label's tasks, where the index of the label has the time.
    pub(super) fn write_created_of_label(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        write_time(sql, "l.task_created_at >= ", self.created_from);
        write_time(sql, "l.task_created_at < ", self.created_before);
    }

    /// Whether it asks for a range of due dates.
    pub(super) fn has_due(&self) -> bool {
        self.due_from.or(self.due_before).is_some() || self.overdue.is_some()
    }

    pub(super) fn write_title_prefix(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        if let Some(prefix) = &self.title_prefix {
            sql.push(" and t.title_key ^@ lower(")
                .push_bind(prefix.clone())
                .push(")");
        }
    }
}

/// The day that the reader has, or the one in UTC.
fn write_today(sql: &mut QueryBuilder<'_, Postgres>, today: Option<Day>) {
    match today {
        Some(today) => drop(sql.push_bind(today.get())),
        None => drop(sql.push("(now() at time zone 'UTC')::date")),
    }
}

pub(super) fn write_reference(
    sql: &mut QueryBuilder<'_, Postgres>,
    column: &'static str,
    value: Wanted,
) {
    match value {
        Wanted::Any => {}
        Wanted::Nothing => drop(sql.push(" and ").push(column).push(" is null")),
        Wanted::One(id) => drop(sql.push(" and ").push(column).push(" = ").push_bind(id)),
    }
}

fn write_time(
    sql: &mut QueryBuilder<'_, Postgres>,
    comparison: &'static str,
    value: Option<Timestamp>,
) {
    if let Some(timestamp) = value {
        sql.push(" and ")
            .push(comparison)
            .push_bind(timestamp.get());
    }
}

/// One value is compared, several are looked for in a list; none are no condition.
pub(super) fn write_any(
    sql: &mut QueryBuilder<'_, Postgres>,
    column: &str,
    values: impl Iterator<Item = &'static str>,
) {
    match values.collect::<Vec<_>>().as_slice() {
        [] => {}
        [one] => drop(sql.push(" and ").push(column).push(" = ").push_bind(*one)),
        many => {
            sql.push(" and ").push(column).push(" = any(");
            sql.push_bind(many.to_vec()).push(")");
        }
    }
}
