//! What a list is asked for, and what that means.

use miyabi_core::{ApiError, Day, Line, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

use super::{
    Order, schema,
    values::{Ids, Several, Which},
};
use crate::{Priority, Status, number::TaskNumber};

/// Query parameters of the list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// Tasks with these ids, 1 to 100 with commas between them, in any order; those that are deleted or
    /// unknown are missing. Cannot be combined with any other parameter.
    #[param(value_type = Option<schema::Ids>, inline)]
    pub(super) ids: Option<Ids>,
    /// Words of the title, the description or a comment, in the syntax of a web search:
    /// `maple -bonsai "red leaves"`. Chinese, Japanese and Korean words are found inside of others.
    /// Of `MIY-12` or `#12`, the task with this number is the first item.
    #[param(inline)]
    q: Option<Line<200>>,
    /// One status, or several with commas between them: `pending,in_progress`.
    #[param(value_type = Option<schema::Statuses>, inline)]
    status: Option<Several<Status>>,
    /// One priority, or several with commas between them: `p0,p1`.
    #[param(value_type = Option<schema::Priorities>, inline)]
    priority: Option<Several<Priority>>,
    /// Tasks assigned to this user: an id, or `me` for the caller; `none`: unassigned tasks.
    #[param(value_type = Option<schema::Assignee>, inline)]
    assignee: Option<Which>,
    /// Tasks created by this user: an id, or `me` for the caller.
    #[param(value_type = Option<schema::Creator>, inline)]
    created_by: Option<Which>,
    /// Tasks with this label.
    label: Option<Uuid>,
    /// Sub-tasks of this task; `none`: top-level tasks.
    #[param(value_type = Option<schema::Parent>, inline)]
    parent: Option<Which>,
    /// Tasks in this project; `none`: tasks in no project.
    #[param(value_type = Option<schema::Project>, inline)]
    project: Option<Which>,
    /// Tasks due at this time or later. A task that is due on a day is due when the day ends in UTC.
    due_after: Option<Timestamp>,
    /// Tasks due before this time.
    due_before: Option<Timestamp>,
    /// `true`: only tasks whose due date is over, at a time before now or on a day before `today`.
    overdue: Option<bool>,
    /// The date where the reader is, for `overdue`; by default, the one in UTC.
    #[param(inline)]
    today: Option<Day>,
    /// Tasks created at this time or later.
    created_after: Option<Timestamp>,
    /// Tasks created before this time.
    created_before: Option<Timestamp>,
    /// Tasks whose title begins with this, regardless of case.
    #[param(inline)]
    title_prefix: Option<Line<200>>,
    /// `true`: only deleted tasks. By default, only tasks that are not deleted.
    pub(super) deleted: Option<bool>,
    /// Order of the list.
    #[param(inline)]
    sort: Option<Order>,
    /// Maximum number of items, 1 to 100.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, default = 50)]
    pub(super) limit: Option<String>,
    /// `next_cursor` of the previous page, with the same order and filters.
    #[param(min_length = 1, pattern = "^[A-Za-z0-9_-]+$")]
    pub(super) cursor: Option<String>,
}

/// What a reference of a task must be. An enum of its own: in a cursor's scope `Any` and `Nothing`
/// must be written as two things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(super) enum Wanted {
    /// Whatever it is.
    #[default]
    Any,
    /// It must not be there.
    Nothing,
    /// It must be this.
    One(Uuid),
}

impl Wanted {
    pub(super) fn one(self) -> Option<Uuid> {
        match self {
            Wanted::One(id) => Some(id),
            Wanted::Any | Wanted::Nothing => None,
        }
    }
}

/// That the due date must be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Overdue {
    /// The date where the reader is; `None`: the one in UTC.
    pub(super) today: Option<Day>,
}

/// Which tasks: what was asked, with `me` replaced by who that is. A cursor is good for the same
/// filter only.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Filter {
    /// Never of a request's own filter: see [`super::numbered`].
    pub(super) number: Option<TaskNumber>,
    pub(super) search: Option<String>,
    pub(super) statuses: Vec<Status>,
    pub(super) priorities: Vec<Priority>,
    pub(super) assignee: Wanted,
    pub(super) creator: Wanted,
    pub(super) label: Option<Uuid>,
    pub(super) parent: Wanted,
    pub(super) project: Wanted,
    pub(super) due_from: Option<Timestamp>,
    pub(super) due_before: Option<Timestamp>,
    pub(super) overdue: Option<Overdue>,
    pub(super) created_from: Option<Timestamp>,
    pub(super) created_before: Option<Timestamp>,
    pub(super) title_prefix: Option<String>,
    pub(super) deleted: bool,
}

impl Asked {
    /// Whether nothing but `ids` is given.
    pub(super) fn has_ids_alone(&self) -> bool {
        let Asked {
            ids,
            q,
            status,
            priority,
            assignee,
            created_by,
            label,
            parent,
            project,
            due_after,
            due_before,
            overdue,
            today,
            created_after,
            created_before,
            title_prefix,
            deleted,
            sort,
            limit,
            cursor,
        } = self;
        let times = [due_after, due_before, created_after, created_before];
        let texts = [limit, cursor];
        ids.is_some()
            && q.is_none()
            && status.is_none()
            && priority.is_none()
            && [assignee, created_by, parent, project]
                .iter()
                .all(|which| which.is_none())
            && label.is_none()
            && times.iter().all(|time| time.is_none())
            && texts.iter().all(|text| text.is_none())
            && title_prefix.is_none()
            && [deleted, overdue].iter().all(|flag| flag.is_none())
            && today.is_none()
            && sort.is_none()
    }

    /// Whether it looks for words.
    pub fn is_search(&self) -> bool {
        self.q.is_some()
    }

    /// What it means when this user asks.
    ///
    /// # Errors
    ///
    /// 422 for parameters that mean nothing, or that exclude each other.
    pub fn resolve(self, me: Uuid) -> Result<(Filter, Order), ApiError> {
        let deleted = self.deleted.unwrap_or_default();
        let order = match (self.sort, deleted, &self.q) {
            (Some(_), true, _) => {
                return Err(ApiError::invalid("sort", "cannot be given with `deleted`"));
            }
            (Some(order), false, Some(_)) if order != Order::NEWEST => {
                return Err(ApiError::invalid("sort", "cannot be given with `q`"));
            }
            (None, true, Some(_)) => {
                return Err(ApiError::invalid("q", "cannot be given with `deleted`"));
            }
            (None, true, None) => Order::LAST_DELETED,
            (order, false, _) => order.unwrap_or(Order::NEWEST),
        };
        if self.q.is_some() && self.title_prefix.is_some() {
            return Err(ApiError::invalid(
                "title_prefix",
                "cannot be given with `q`",
            ));
        }
        let overdue = self.overdue.unwrap_or_default();
        if overdue && self.q.is_some() {
            return Err(ApiError::invalid("overdue", "cannot be given with `q`"));
        }
        if matches!(self.created_by, Some(Which::None)) {
            return Err(ApiError::invalid("created_by", "must be an id or `me`"));
        }
        if matches!(self.parent, Some(Which::Me)) {
            return Err(ApiError::invalid("parent", "must be an id or `none`"));
        }
        if matches!(self.project, Some(Which::Me)) {
            return Err(ApiError::invalid("project", "must be an id or `none`"));
        }
        let filter = Filter {
            number: None,
            search: self.q.map(Into::into),
            statuses: several(self.status),
            priorities: several(self.priority),
            assignee: wanted(self.assignee, me),
            creator: wanted(self.created_by, me),
            label: self.label,
            parent: wanted(self.parent, me),
            project: wanted(self.project, me),
            due_from: self.due_after,
            due_before: self.due_before,
            overdue: overdue.then_some(Overdue { today: self.today }),
            created_from: self.created_after,
            created_before: self.created_before,
            title_prefix: self.title_prefix.map(Into::into),
            deleted,
        };
        Ok((filter, order))
    }
}

fn several<T>(values: Option<Several<T>>) -> Vec<T> {
    values.into_iter().flat_map(|values| values.0).collect()
}

fn wanted(which: Option<Which>, me: Uuid) -> Wanted {
    match which {
        None => Wanted::Any,
        Some(Which::None) => Wanted::Nothing,
        Some(Which::Me) => Wanted::One(me),
        Some(Which::Id(id)) => Wanted::One(id),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A cursor is good for one scope: what differs in what it finds must differ in writing.
    #[test]
    fn no_two_filters_are_written_alike() {
        let asked: [fn(&mut Asked); 13] = [
            |_| (),
            |asked| asked.assignee = Some(Which::None),
            |asked| asked.assignee = Some(Which::Me),
            |asked| asked.created_by = Some(Which::Me),
            |asked| asked.parent = Some(Which::None),
            |asked| asked.parent = Some(Which::Id(Uuid::nil())),
            |asked| asked.project = Some(Which::None),
            |asked| asked.project = Some(Which::Id(Uuid::nil())),
            |asked| asked.label = Some(Uuid::nil()),
            |asked| asked.status = Some(Several([Status::Pending].into())),
            |asked| asked.overdue = Some(true),
            |asked| {
                asked.overdue = Some(true);
                asked.today = Day::parse("2026-03-01").ok();
            },
            |asked| asked.q = Line::new("pending").ok(),
        ];
        let written: BTreeSet<String> = asked
            .iter()
            .map(|change| {
                let mut asked = Asked::default();
                change(&mut asked);
                let (filter, order) = asked.resolve(Uuid::nil()).unwrap();
                serde_json::to_string(&(order, filter)).unwrap()
            })
            .collect();
        assert_eq!(written.len(), asked.len(), "{written:#?}");
    }
}
