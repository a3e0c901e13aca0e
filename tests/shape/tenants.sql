-- The shape of real tenants: organization 0 with LARGE tasks, the others with 20 to 60 each. Writes
-- the organizations FIRST to LAST.
--
-- What the planner knows is the average over all tenants, and the large one is far from it. As in
-- life, what is open is newest and due last; people, labels and words are shared unevenly. All
-- organizations use the same words, names of labels and titles. In the large one, person 31 has few
-- tasks and person 32, who is new, has none.
--
-- Ids and times follow from numbers: each run writes the same rows, so that a test reads the same
-- number of rows each time. Run as the superuser on a database with the schema; FIRST, LAST and
-- LARGE are replaced by numbers.

-- The words of all rows are written together at the end.
alter table tasks disable trigger keep_words;
alter table task_comments disable trigger keep_words;

create temporary table shape as
    select md5('organization ' || n)::uuid as organization, n as number,
        case when n = 0 then LARGE else 20 + n % 41 end as tasks,
        case when n = 0 then 32 else 3 end as people,
        -- Those who have many tasks.
        case when n = 0 then 30 else 3 end as busy,
        case when n = 0 then 20 else 4 end as labels
    from generate_series(FIRST, LAST) n;

insert into organizations (id, name) select organization, 'Organization ' || number from shape;

create temporary table shape_people as
    select s.organization, p as n, md5('person ' || s.number || ' ' || p)::uuid as id, s.number * 100 + p as github_id
    from shape s, generate_series(1, s.people) p;
insert into users (id, github_id, login) select id, github_id, 'user-' || github_id from shape_people;
insert into memberships (organization_id, user_id, role)
    select organization, id, case when n = 1 then 'owner' else 'member' end from shape_people;

insert into labels (organization_id, id, name)
    select s.organization, md5('label ' || s.number || ' ' || l)::uuid, 'Label ' || l
    from shape s, generate_series(1, s.labels) l;

insert into projects (organization_id, id, name, rank)
    select s.organization, md5('project ' || s.number || ' ' || p)::uuid, 'Project ' || p, 'V' || p
    from shape s, generate_series(1, 5) p;

create temporary table shape_team as
    select organization, array_agg(id order by n) as ids from shape_people group by organization;
insert into tasks (organization_id, id, number, title, description, status, priority, assignee_id, project_id, due_at, due_on, created_by, created_at, updated_at,
        started_at, completed_at)
    select s.organization, md5('task ' || s.number || ' ' || n)::uuid, s.tasks + 1 - n,
        case when n % 10000 = 0 then 'Needle ' when n % 3 = 0 then '共通の仕事 ' else 'Common ' end || n,
        'Some description of ' || n || case when n % 500 = 0 then ' with maple' else '' end
            -- Everybody uses this word but the large one.
            || case when s.number > 0 then ' zebra' else '' end
            -- The older half has it, and none of the newer one.
            || case when n > s.tasks / 2 then ' quince' else '' end,
        case when n > s.tasks / 20 then (array['completed', 'completed', 'completed', 'failed', 'cancelled'])[1 + n % 5]
            else (array['pending', 'in_progress'])[1 + n % 2] end,
        'p' || (n * 7 + n / 11) % 4,
        -- Nearly everything that was closed had somebody; two thirds of what is open.
        case when n % 10000 = 5001 then t.ids[31]
            when n % 50 > 0 and (n > s.tasks / 20 or n % 3 > 0) then t.ids[1 + n % s.busy] end,
        -- A third is in no project; the first one has a third, the third one few, the last one none.
        case when n / 7 % 6 > 1 then md5('project ' || s.number || ' '
            || case when n / 7 % 6 < 4 then 1 when n % 500 = 5 then 3 when n / 7 % 6 = 4 then 2 else 4 end)::uuid end,
        -- Half of what is due is due on a day.
        case when n % 4 in (1, 3) then timestamptz '2026-01-01 00:00Z' + (2000 - n) * interval '1 hour' end,
        case when n % 4 = 2 then date '2026-01-01' + (2000 - n) / 24 end,
        case when n % 10000 = 5001 then t.ids[31] else t.ids[1 + n % least(s.busy, 7)] end,
        timestamptz '2026-01-01 00:00Z' - n * interval '1 minute',
        timestamptz '2026-01-01 00:00Z' - (n - n % 100) * interval '1 minute',
        -- Completed within three days; of one in three nobody said that work on it began.
        case when n > s.tasks / 20 and n % 5 < 3 and n % 3 > 0 then
            timestamptz '2026-01-01 00:00Z' - n * interval '1 minute' + n % 80 * interval '30 minutes' end,
        case when n > s.tasks / 20 and n % 5 < 3 then
            timestamptz '2026-01-01 00:00Z' - n * interval '1 minute' + n % 80 * interval '1 hour' end
    from shape s join shape_team t using (organization), generate_series(1, s.tasks) task (n);

insert into task_numbers (organization_id, last_number) select organization, tasks from shape;

update tasks t set deleted_at = timestamptz '2026-01-01 00:00Z' + (t.created_at - timestamptz '2026-01-01 00:00Z') / 1000
    from shape s where s.organization = t.organization_id and t.title like 'Common %7';
update tasks t set parent_id = p.id
    from tasks p join shape s on s.organization = p.organization_id
    where t.organization_id = p.organization_id and p.title = 'Common 1' and t.title in ('Common 2', 'Common 4', 'Common 5');

-- The first labels are on many tasks, the others on few, and the last one on none.
insert into task_labels (organization_id, task_id, label_id, task_created_at)
    select t.organization_id, t.id, l.id, t.created_at
    from tasks t join labels l on l.organization_id = t.organization_id join shape s on s.organization = t.organization_id
    where ('x' || left(md5(t.id::text || l.name), 7))::bit(28)::integer % 1000
        < case l.name when 'Label 1' then 500 when 'Label 2' then 200 when 'Label 3' then 30 when 'Label 20' then 0 else 5 end;

-- One task in five has a comment, and one in 2,000 one in Japanese. All use the same words; the word
-- walnut is in comments alone.
insert into task_comments (organization_id, id, task_id, author_id, body, created_at)
    select t.organization_id, md5('comment ' || t.id)::uuid, t.id, t.created_by,
        'Common words about it' || case when s.n % 10000 = 15 then ', and about a walnut' when s.n % 2000 = 5 then '、議事録を確認しました' else '' end,
        t.created_at
    from tasks t join shape o on o.organization = t.organization_id
    cross join lateral (select substring(t.title from '[0-9]+$')::integer as n) s
    where s.n % 5 = 0;

insert into task_words (organization_id, task_id, source_id, words)
    select t.organization_id, t.id, t.id, app.words_of_task(t.organization_id, t.title, t.description)
    from tasks t join shape o on o.organization = t.organization_id where t.deleted_at is null
    union all
    select c.organization_id, c.task_id, c.id, app.words_of_comment(c.organization_id, c.body)
    from task_comments c join shape o on o.organization = c.organization_id;
alter table tasks enable trigger keep_words;
alter table task_comments enable trigger keep_words;

-- As the schedule does, until nothing is left. The large one is ten years older than its oldest task.
select app.add_up_stats(2147483647);
insert into stats_days (organization_id, day, created, completed, reopened, deleted, restored, open_p0, open_p1, open_p2, open_p3)
    select s.organization, d.day, 100, 90, 1, 9, 0, d.n % 3 - 1, 0, d.n % 5 - 2, 1
    from shape s, generate_series(date '2015-10-01', date '2025-09-30', interval '1 day') with ordinality d (day, n)
    where s.number = 0;

drop table shape_team;
drop table shape_people;
drop table shape;
