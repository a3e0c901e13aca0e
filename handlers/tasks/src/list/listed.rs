//! From the rows of a list to what clients see: the people and labels of a page.
//!
//! They are read for the page that is shown, in a statement of their own. Joined to the rows they
//! would be planned anew with every filter, which takes longer than reading them, and each person
//! would come as often as there are tasks of theirs.

use std::collections::HashMap;

use miyabi_core::{ApiError, BoundedConnection, Day, Timestamp};
use serde::Deserialize;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{Person, Priority, Status, SubTasks, TaskLabel, TaskSummary};

/// A task of a list as it is in its row, with what its order needs that clients do not see.
#[derive(Debug, FromRow)]
pub(super) struct Listed {
    pub(super) id: Uuid,
    pub(super) number: i64,
    pub(super) title: String,
    pub(super) status: Status,
    pub(super) priority: Priority,
    pub(super) assignee_id: Option<Uuid>,
    pub(super) parent_id: Option<Uuid>,
    pub(super) project_id: Option<Uuid>,
    pub(super) due_at: Option<Timestamp>,
    pub(super) due_on: Option<Day>,
    pub(super) version: i64,
    pub(super) created_by: Uuid,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) deleted_at: Option<Timestamp>,
    pub(super) title_key: String,
    pub(super) rank: String,
}

/// A label and the task that it is on.
#[derive(Debug, Deserialize)]
struct OnTask {
    task_id: Uuid,
    #[serde(flatten)]
    label: TaskLabel,
}

/// How much a task has below it.
#[derive(Debug, Default, Deserialize)]
struct Counts {
    task_id: Uuid,
    #[serde(flatten)]
    sub_tasks: SubTasks,
    comments: i64,
}

/// Who and what the tasks of a page name.
struct Named {
    people: HashMap<Uuid, Person>,
    labels: HashMap<Uuid, Vec<TaskLabel>>,
    counts: HashMap<Uuid, Counts>,
    /// What stands before the numbers.
    key: String,
}

impl Listed {
    /// What clients see of tasks.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub(super) async fn show(
        tasks: Vec<Listed>,
        connection: &mut BoundedConnection,
    ) -> Result<Vec<TaskSummary>, ApiError> {
        let mut named = Named::by(&tasks, connection).await?;
        let tasks = tasks.into_iter().map(|task| task.summary(&mut named));
        Ok(tasks.collect())
    }

    fn summary(self, named: &mut Named) -> TaskSummary {
        let counts = named.counts.remove(&self.id).unwrap_or_default();
        TaskSummary {
            sub_tasks: counts.sub_tasks,
            comments: counts.comments,
            assignee: self.assignee_id.map(|assignee| named.person(assignee)),
            labels: named.labels.remove(&self.id).unwrap_or_default(),
            created_by: named.person(self.created_by),
            id: self.id,
            number: self.number,
            key: format!("{}-{}", named.key, self.number),
            title: self.title,
            status: self.status,
            priority: self.priority,
            parent_id: self.parent_id,
            project_id: self.project_id,
            due_at: self.due_at,
            due_on: self.due_on,
            rank: self.rank,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            deleted_at: self.deleted_at,
            found_in: None,
        }
    }
}

impl Named {
    async fn by(tasks: &[Listed], connection: &mut BoundedConnection) -> Result<Named, ApiError> {
        let mut people: Vec<Uuid> = tasks
            .iter()
            .flat_map(|task| task.assignee_id.into_iter().chain([task.created_by]))
            .collect();
        people.sort_unstable();
        people.dedup();
        let tasks: Vec<Uuid> = tasks.iter().map(|task| task.id).collect();
        if tasks.is_empty() {
            return Ok(Named {
                people: HashMap::new(),
                labels: HashMap::new(),
                counts: HashMap::new(),
                key: String::new(),
            });
        }
        // Task by task (`lateral` with a limit, the most that a task has): for `any($2)` the planner
        // takes all labels of an average tenant for as cheap as those of a page, and in a large one
        // reads a whole index.
        let rows = sqlx::query!(
            r#"select
                array(
                    select json_build_object('id', id, 'login', login, 'name', name, 'avatar_url', avatar_url)
                    from users where id = any($1)
                ) as "people!: Vec<Json<Person>>",
                array(
                    select json_build_object('task_id', tl.task_id, 'id', l.id, 'name', l.name, 'color', l.color)
                    from unnest($2::uuid[]) page (task_id)
                    cross join lateral (
                        select * from task_labels where task_id = page.task_id limit 20
                    ) tl
                    join labels l on l.organization_id = tl.organization_id and l.id = tl.label_id
                    order by l.name_key
                ) as "labels!: Vec<Json<OnTask>>",
                array(
                    select json_build_object('task_id', page.task_id, 'done', s.done, 'total', s.total, 'comments', m.comments)
                    from unnest($2::uuid[]) page (task_id)
                    cross join lateral (
                        select count(*) filter (where status not in ('pending', 'in_progress')) as done, count(*) as total
                        from (select status from tasks where parent_id = page.task_id and deleted_at is null limit 1000) sub_task
                    ) s
                    cross join lateral (
                        select count(*) as comments
                        from (select from task_comments where task_id = page.task_id and deleted_at is null limit 1000) comment
                    ) m
                    where s.total > 0 or m.comments > 0
                ) as "counts!: Vec<Json<Counts>>",
                (select task_key from organizations) as "key!""#,
            &people,
            &tasks,
        )
        .fetch_one(connection)
        .await?;
        let (people, counts) = (rows.people.into_iter(), rows.counts.into_iter());
        let mut labels = HashMap::<Uuid, Vec<TaskLabel>>::new();
        for Json(OnTask { task_id, label }) in rows.labels {
            labels.entry(task_id).or_default().push(label);
        }
        Ok(Named {
            people: people.map(|Json(person)| (person.id, person)).collect(),
            labels,
            counts: counts
                .map(|Json(counts)| (counts.task_id, counts))
                .collect(),
            key: rows.key,
        })
    }

    /// Foreign keys keep whoever made a task or has it in the organization. Should somebody be
    /// missing all the same, the list is still readable.
    fn person(&self, id: Uuid) -> Person {
        let person = self.people.get(&id).cloned();
        person.unwrap_or_else(|| {
            tracing::error!(%id, "A task names a user who is not in its organization.");
            Person {
                id,
                login: "unknown".to_owned(),
                name: None,
                avatar_url: None,
            }
        })
    }
}
