-- no-transaction
-- The newest tasks of a project, and the tasks in none. A project may have a third of all tasks: with
-- the due date, a walk reads past what a range of dates leaves out without visiting a row.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create index concurrently if not exists tasks_project
    on tasks (organization_id, project_id, created_at, id, due_key) where deleted_at is null;
