'use client';

import { type FormEvent, useState } from 'react';
import { api, type Schema } from '@/api/client';
import { Avatar, nameOf } from '@/components/Avatar';
import { Glyph } from '@/components/icons';
import { ProblemNote } from '@/components/ProblemNote';
import { SkeletonRows } from '@/components/SkeletonRows';
import { toastProblem } from '@/components/toast-store';
import { isComposing } from '@/keyboard/is-composing';
import { Markdown } from '@/markdown/Markdown';
import { ago, moment } from '@/messages/dates';
import { useLanguage, useMessages } from '@/messages/language';
import { useMay, useMe } from '@/session/session';
import { draftOf, keepDraft, useDraft } from './drafts';
import { MentionField } from './MentionField';
import { ifMatch, refreshDerived } from './task-actions';
import { useComments } from './use-tasks';

type Comment = Schema['Comment'];

/** The comments of a task, and a field for the next one. */
export function TaskComments({ id }: { id: string }) {
  const m = useMessages();
  const mayWrite = useMay('tasks.write');
  const { comments, problem, reload } = useComments(id);
  return (
    <section aria-label={m.task.comments} className="mt-4 border-line border-t px-2 pt-3">
      <h2 className="mb-1 font-semibold">{m.task.comments}</h2>
      {problem && <ProblemNote problem={problem} retry={() => void reload()} />}
      {!comments && !problem && <SkeletonRows label={m.app.loading} />}
      {comments?.length === 0 && <p className="text-muted">{m.task.noComments}</p>}
      <ul>
        {comments?.map((comment) => (
          <CommentItem key={comment.id} comment={comment} reload={reload} />
        ))}
      </ul>
      {mayWrite && <NewComment id={id} reload={reload} />}
    </section>
  );
}

function CommentItem({ comment, reload }: { comment: Comment; reload: () => Promise<unknown> }) {
  const m = useMessages();
  const language = useLanguage();
  const isMine = useMe().user.id === comment.author.id;
  const text = useDraft(comment.id, 'body')?.text ?? null;
  const setText = (next: string | null) =>
    keepDraft(comment.id, 'body', next === null ? null : { text: next, from: comment.body });
  const path = { task_id: comment.task_id, comment_id: comment.id };
  async function attempt(work: () => Promise<unknown>) {
    try {
      await work();
      setText(null);
      await reload();
      refreshDerived();
    } catch (problem) {
      toastProblem(m.tasks.failed(m.task.comments), problem);
    }
  }
  const params = { path, header: { 'If-Match': ifMatch(comment.version) } };
  const save = () =>
    attempt(() =>
      api.PATCH('/api/tasks/{task_id}/comments/{comment_id}', { params, body: { body: text ?? '' } }),
    );
  const remove = () => attempt(() => api.DELETE('/api/tasks/{task_id}/comments/{comment_id}', { params }));
  return (
    <li className="flex gap-2 py-2">
      <Avatar person={comment.author} />
      <div className="min-w-0 grow">
        <p className="flex flex-wrap items-center gap-x-2 text-muted text-xs">
          <span className="font-medium text-ink">{nameOf(comment.author)}</span>
          <time dateTime={comment.created_at} title={moment(comment.created_at, language)}>
            {ago(comment.created_at, language)}
          </time>
          {comment.version > 1 && <span>{m.task.edited}</span>}
          {isMine && text === null && (
            <>
              <button type="button" className="link-button" onClick={() => setText(comment.body)}>
                {m.task.edit}
              </button>
              <button
                type="button"
                className="icon-button"
                aria-label={m.task.deleteComment}
                onClick={() => void remove()}
              >
                <Glyph name="trash" />
              </button>
            </>
          )}
        </p>
        {text === null ? (
          <Markdown text={comment.body} />
        ) : (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              void save();
            }}
          >
            <textarea
              aria-label={m.task.comment}
              className="field field-sizing-content h-auto w-full py-1"
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
            <div className="mt-1 flex gap-2">
              <button type="submit" className="primary-button" disabled={!text.trim()}>
                {m.app.save}
              </button>
              <button type="button" className="button" onClick={() => setText(null)}>
                {m.app.cancel}
              </button>
            </div>
          </form>
        )}
      </div>
    </li>
  );
}

function NewComment({ id, reload }: { id: string; reload: () => Promise<unknown> }) {
  const m = useMessages();
  const draft = useDraft(id, 'comment');
  const text = draft?.text ?? '';
  const [isSending, setSending] = useState(false);
  function type(next: string) {
    // The same key for the same text: a repeated request adds no second comment.
    keepDraft(id, 'comment', next ? { text: next, from: '', key: crypto.randomUUID() } : null);
  }
  async function send(event?: FormEvent) {
    event?.preventDefault();
    if (!draft?.text.trim() || isSending) return;
    setSending(true);
    try {
      const params = { path: { task_id: id }, header: { 'Idempotency-Key': draft.key } };
      await api.POST('/api/tasks/{task_id}/comments', { params, body: { body: draft.text } });
      if (draftOf(id, 'comment') === draft) type('');
      await reload();
      refreshDerived();
    } catch (problem) {
      toastProblem(m.tasks.failed(m.task.comments), problem, () => void send());
    } finally {
      setSending(false);
    }
  }
  return (
    <form className="mt-2" onSubmit={(event) => void send(event)}>
      <MentionField
        aria-label={m.task.comment}
        placeholder={m.task.comment}
        className="field field-sizing-content block h-auto min-h-16 w-full py-1.5"
        maxLength={10_000}
        value={text}
        onText={type}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !isComposing(event))
            void send(event);
        }}
      />
      <div className="mt-1 flex items-center gap-2">
        <button type="submit" className="button" disabled={!text.trim() || isSending}>
          {m.task.send}
        </button>
        <span className="text-muted text-xs pointer-coarse:hidden">{m.task.sendHint}</span>
      </div>
    </form>
  );
}
