//! The statement behind a list: only the conditions that were asked for, so that it is planned for
//! them.
//!
//! What always holds: text of a client is a parameter, never a part of the statement. Conditions
//! use only operators that row-level security lets through to an index (see 0004_tasks.sql). Along
//! an order, each status that is asked for is a branch of its own, since an index begins with the
//! status, and the branches are merged; so is each priority in the order of priorities.
//!
//! The statement names the organization although row-level security adds the same condition: behind
//! `current_setting` the planner cannot see it, and plans for an average tenant. That is for speed
//! alone. With another organization's id the statement returns nothing.

use miyabi_core::Timestamp;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::{
    Approach, Filter, Order, Position, conditions::write_any, filter::Wanted, found::IS_OPEN,
    order::By,
};
use crate::{Priority, Status};

/// A page to read.
#[derive(Debug)]
pub struct Statement<'a> {
    /// The caller's organization, for the planner.
    pub organization: Uuid,
    /// Which tasks.
    pub filter: &'a Filter,
    /// In which order.
    pub order: Order,
    /// How the page is found.
    pub approach: Approach,
    /// After which place.
    pub after: Option<&'a Position>,
    /// How many at most.
    pub rows: i64,
}

/// Those of the tasks alone: `due_key` is there to merge branches by.
const COLUMNS: &str = "t.id, t.number, t.title, t.status, t.priority, t.assignee_id, t.parent_id, t.project_id, t.due_at, t.due_on, t.version, t.created_by, \
    t.created_at, t.updated_at, t.deleted_at, t.title_key, t.rank, t.due_key";

/// The tasks of one range of an index, of those that the filter asks for.
#[derive(Clone, Copy)]
struct Branch<'a> {
    statuses: &'a [Status],
    priorities: &'a [Priority],
}

impl Statement<'_> {
    /// Appends the statement.
    pub fn write(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        let filter = self.filter;
        let all = Branch {
            statuses: &filter.statuses,
            priorities: &filter.priorities,
        };
        if filter.search.is_some() || filter.deleted || self.is_along_label() {
            return self.write_page(sql, all);
        }
        if self.approach == Approach::Sort {
            sql.push("select * from (");
            self.write_matching(sql, all);
            // Planned by itself, without the order and the limit.
            sql.push(" offset 0) t");
            self.write_order(sql, "t.");
            return self.write_limit(sql);
        }
        match self.branches(all).as_slice() {
            [one] => self.write_page(sql, *one),
            several => {
                sql.push("select * from (");
                for (number, branch) in several.iter().enumerate() {
                    sql.push(if number == 0 { "(" } else { ") union all (" });
                    self.write_page(sql, *branch);
                }
                sql.push(")) t");
                self.write_order(sql, "t.");
                self.write_limit(sql);
            }
        }
    }

    /// One branch for each status, and for each priority in their order: an index has one of them
    /// in the order of the list, not several together.
    fn branches<'a>(&self, all: Branch<'a>) -> Vec<Branch<'a>> {
        let mut branches = Vec::new();
        for statuses in each(all.statuses, true) {
            for priorities in each(all.priorities, self.order.by == By::Priority) {
                branches.push(Branch {
                    statuses,
                    priorities,
                });
            }
        }
        branches
    }

    /// Whether the tasks are found along the index of their label, which has the order of creation
    /// and no due date.
    fn is_along_label(&self) -> bool {
        self.filter.label.is_some()
            && !self.filter.has_due()
            && self.order.by == By::Created
            && self.filter.search.is_none()
            && !self.filter.deleted
            && self.approach == Approach::Walk
    }

    fn write_page(&self, sql: &mut QueryBuilder<'_, Postgres>, branch: Branch<'_>) {
        self.write_matching(sql, branch);
        if self.is_along_label() {
            let direction = if self.order.down { " desc" } else { "" };
            sql.push(format_args!(
                " order by l.task_created_at{direction}, l.task_id{direction}"
            ));
        } else {
            self.write_order(sql, "t.");
        }
        self.write_limit(sql);
    }

    /// The tasks that match, after the place of the page.
    fn write_matching(&self, sql: &mut QueryBuilder<'_, Postgres>, branch: Branch<'_>) {
        sql.push("select ").push(COLUMNS);
        if let Some(words) = &self.filter.search {
            sql.push(", found.found_in from ");
            return self.write_search(sql, words);
        }
        sql.push(" from ");
        let along_label = self.is_along_label();
        if let (true, Some(label)) = (along_label, self.filter.label) {
            sql.push("task_labels l join tasks t on t.organization_id = l.organization_id and t.id = l.task_id where l.organization_id = ");
            sql.push_bind(self.organization).push(" and l.label_id = ");
            sql.push_bind(label).push(" and ");
        } else {
            sql.push("tasks t where t.organization_id = ");
            sql.push_bind(self.organization).push(" and ");
        }
        sql.push(if self.filter.deleted {
            "t.deleted_at is not null"
        } else {
            "t.deleted_at is null"
        });
        let filter = self.filter;
        write_any(sql, "t.status", branch.statuses.iter().map(|s| s.as_str()));
        write_any(
            sql,
            "t.priority",
            branch.priorities.iter().map(|p| p.as_str()),
        );
        filter.write_number(sql, self.organization);
        filter.write_references(sql);
        filter.write_times_and_title(sql);
        if along_label {
            filter.write_created_of_label(sql);
        }
        if let (false, Some(label)) = (along_label, filter.label) {
            sql.push(" and exists (select from task_labels l where l.organization_id = t.organization_id and l.task_id = t.id and l.label_id = ");
            sql.push_bind(label).push(")");
        }
        self.write_after(sql, along_label);
    }

    fn write_after(&self, sql: &mut QueryBuilder<'_, Postgres>, along_label: bool) {
        let Some(after) = self.after else {
            return;
        };
        let columns = if along_label {
            "l.task_created_at, l.task_id".to_owned()
        } else {
            columns(self.order, "t.", "")
        };
        let comparison = if self.order.down { "<" } else { ">" };
        sql.push(format_args!(" and ({columns}) {comparison} ("));
        if let Some(text) = &after.text {
            sql.push_bind(text.clone()).push(", ");
        }
        match (self.order.by, after.time, after.day) {
            (By::Title | By::Rank, ..) => {}
            (By::Due, None, None) => drop(sql.push("'infinity'::timestamptz, ")),
            // As app.give_due_key: the end of the day.
            (By::Due, None, Some(day)) => {
                sql.push("(").push_bind(day.get());
                sql.push("::date + 1)::timestamp at time zone 'UTC', ");
            }
            (_, time, _) => {
                sql.push_bind(time.map(Timestamp::get)).push(", ");
            }
        }
        sql.push_bind(after.id).push(")");
    }

    /// The words are looked for by the one function that may.
    fn write_search(&self, sql: &mut QueryBuilder<'_, Postgres>, words: &str) {
        let filter = self.filter;
        let texts = |values: Vec<&'static str>| (!values.is_empty()).then_some(values);
        let time = |timestamp: Option<Timestamp>| timestamp.map(Timestamp::get);
        sql.push("app.search_tasks(").push_bind(words.to_owned());
        sql.push(", p_limit => ")
            .push_bind(i32::try_from(self.rows).unwrap_or(i32::MAX));
        sql.push(", p_statuses => ")
            .push_bind(texts(filter.statuses.iter().map(|s| s.as_str()).collect()));
        sql.push(", p_priorities => ").push_bind(texts(
            filter.priorities.iter().map(|p| p.as_str()).collect(),
        ));
        sql.push(", p_assignee => ")
            .push_bind(filter.assignee.one());
        sql.push(", p_unassigned => ")
            .push_bind(filter.assignee == Wanted::Nothing);
        sql.push(", p_creator => ").push_bind(filter.creator.one());
        sql.push(", p_parent => ").push_bind(filter.parent.one());
        sql.push(", p_top_level => ")
            .push_bind(filter.parent == Wanted::Nothing);
        sql.push(", p_label => ").push_bind(filter.label);
        sql.push(", p_due_from => ")
            .push_bind(time(filter.due_from));
        sql.push(", p_due_before => ")
            .push_bind(time(filter.due_before));
        sql.push(", p_created_from => ")
            .push_bind(time(filter.created_from));
        sql.push(", p_created_before => ")
            .push_bind(time(filter.created_before));
        sql.push(", p_after_is_open => ")
            .push_bind(self.after.map(Position::is_open));
        sql.push(", p_project => ").push_bind(filter.project.one());
        sql.push(", p_no_project => ")
            .push_bind(filter.project == Wanted::Nothing);
        sql.push(", p_after_created_at => ")
            .push_bind(self.after.and_then(|after| time(after.time)));
        sql.push(", p_after_id => ")
            .push_bind(self.after.map(|after| after.id));
        sql.push(") found join tasks t on t.organization_id = ");
        sql.push_bind(self.organization)
            .push(" and t.id = found.id and t.deleted_at is null");
    }

    fn write_order(&self, sql: &mut QueryBuilder<'_, Postgres>, table: &str) {
        let direction = if self.order.down { " desc" } else { "" };
        sql.push(" order by ");
        if self.filter.search.is_some() {
            sql.push(IS_OPEN).push(" desc, ");
        }
        sql.push(columns(self.order, table, direction));
    }

    fn write_limit(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        sql.push(" limit ").push_bind(self.rows);
    }
}

fn columns(order: Order, table: &str, direction: &str) -> String {
    let columns: Vec<String> = order
        .columns()
        .iter()
        .map(|column| format!("{table}{column}{direction}"))
        .collect();
    columns.join(", ")
}

/// The values one by one, or together; together when there are none, which is no condition.
fn each<T>(values: &[T], one_by_one: bool) -> Vec<&[T]> {
    if one_by_one && !values.is_empty() {
        values.chunks(1).collect()
    } else {
        vec![values]
    }
}
