'use client';

import { Glyph } from '@/components/icons';
import { Picker } from '@/components/Picker';
import { moment } from '@/messages/dates';
import { useLanguage } from '@/messages/language';
import { inboxMessages } from './messages';
import { snoozeTimes } from './notification';

/** Until when a notification leaves the inbox. */
export function SnoozePicker({ onPick, onClose }: { onPick: (until: string) => void; onClose: () => void }) {
  const m = inboxMessages.useTexts();
  const language = useLanguage();
  const times = snoozeTimes();
  const options = (['later', 'tomorrow', 'monday'] as const).map((id) => ({
    id,
    label: m[id],
    hint: moment(times[id], language),
    icon: <Glyph name="clock" className="text-muted" />,
  }));
  return (
    <Picker
      title={m.snoozeUntil}
      placeholder={m.snoozeUntil}
      options={options}
      onPick={(id) => onPick(times[id as keyof typeof times])}
      onClose={onClose}
    />
  );
}
