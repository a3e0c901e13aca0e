'use client';

import type { ReactNode } from 'react';
import { ProblemNote } from '@/components/ProblemNote';
import { SkeletonRows } from '@/components/SkeletonRows';
import { useLanguage, useMessages } from '@/messages/language';
import { BarChart, type Series } from './BarChart';
import { dayLabel, duration } from './flow-format';
import { DAYS, type FlowDay, useFlow } from './use-flow';

/** How much is created and completed each day, and how long work takes: two charts and their table. */
export function Flow() {
  const m = useMessages();
  const { days, problem, reload } = useFlow();
  const isEmpty = days?.every(({ created, completed }) => created + completed === 0);
  return (
    <section aria-labelledby="flow" className="border-line border-b px-4 py-3">
      <h2 id="flow" className="text-muted">
        {m.flow.title(DAYS)}
      </h2>
      {problem && !days && <ProblemNote problem={problem} retry={reload} />}
      {!days && !problem && <SkeletonRows label={m.app.loading} />}
      {isEmpty && <p className="pt-2">{m.flow.empty}</p>}
      {days && !isEmpty && <Charts days={days} />}
    </section>
  );
}

function Charts({ days }: { days: FlowDay[] }) {
  const m = useMessages();
  const language = useLanguage();
  const number = new Intl.NumberFormat(language);
  const sum = (of: 'created' | 'completed') => days.reduce((total, day) => total + day[of], 0);
  const throughput: Series[] = [
    { name: m.flow.created, values: days.map((day) => day.created), look: 'hollow' },
    { name: m.flow.completed, values: days.map((day) => day.completed), look: 'green' },
  ];
  const cycle: Series[] = [
    { name: m.flow.most, values: days.map((day) => day.cycle_p85_h ?? null), look: 'hollow' },
    { name: m.flow.half, values: days.map((day) => day.cycle_p50_h ?? null), look: 'violet' },
  ];
  const labels = days.map(({ day }) => dayLabel(day, language));
  const hours = (value: number) => duration(value, language);
  const hasCycle = cycle.some(({ values }) => values.some((value) => value !== null));
  return (
    <>
      <div className="mt-2 grid gap-x-8 gap-y-4 lg:grid-cols-2">
        <BarChart
          title={m.flow.throughput}
          summary={m.flow.throughputSum(number.format(sum('created')), number.format(sum('completed')))}
          series={throughput}
          labels={labels}
          format={(value) => number.format(value)}
        />
        {hasCycle ? (
          <BarChart
            title={m.flow.cycle}
            summary={m.flow.cycleSum}
            series={cycle}
            labels={labels}
            format={hours}
            isOverlaid
          />
        ) : (
          <div>
            <h3 className="font-semibold">{m.flow.cycle}</h3>
            <p className="text-muted">{m.flow.noCycle}</p>
          </div>
        )}
      </div>
      <details className="mt-2">
        <summary className="link-button cursor-pointer px-0">{m.flow.table}</summary>
        <FlowTable days={days} labels={labels} hours={hours} />
      </details>
    </>
  );
}

/** The numbers of both charts, the last day first. */
function FlowTable({
  days,
  labels,
  hours,
}: {
  days: FlowDay[];
  labels: string[];
  hours: (value: number) => string;
}) {
  const m = useMessages();
  const cell = (content: ReactNode) => <td className="py-0.5 pl-2 text-right tabular-nums">{content}</td>;
  const head = (name: string) => (
    <th scope="col" className="pl-2 text-right font-medium">
      {name}
    </th>
  );
  const time = (value: number | null | undefined) => (value == null ? '–' : hours(value));
  return (
    <table className="mt-1 w-full max-w-xl">
      <thead>
        <tr className="text-muted align-bottom">
          <th scope="col" className="text-left font-medium">
            {m.flow.day}
          </th>
          {head(m.flow.created)}
          {head(m.flow.completed)}
          {head(m.flow.half)}
          {head(m.flow.most)}
        </tr>
      </thead>
      <tbody>
        {days
          .map((day, index) => (
            <tr key={day.day} className="border-line border-t">
              <th scope="row" className="text-left font-normal">
                {labels[index]}
              </th>
              {cell(day.created)}
              {cell(day.completed)}
              {cell(time(day.cycle_p50_h))}
              {cell(time(day.cycle_p85_h))}
            </tr>
          ))
          .reverse()}
      </tbody>
    </table>
  );
}
