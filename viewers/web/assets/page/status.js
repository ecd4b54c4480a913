// SPDX-License-Identifier: Apache-2.0
//
// The line beside the title, the notices below it, the marks explained at the foot, and what stands where nothing is.
import { attribute, find, keyed, make, sentence, text } from './dom.js';
import { footnotes } from './units.js';
import { collectorLine, notices } from './words.js';

// `broken`: why there is no connection, or empty. `startHint`: how to start a collector, in the server's words.
export function renderState({ snapshot, broken, paused, startHint }) {
  const line = broken ? { text: 'no connection', state: 'bad' }
    : snapshot ? collectorLine(snapshot.collector) : { text: 'connecting', state: 'waiting' };
  text(find('state'), line.text + (paused ? ' (paused)' : ''));
  attribute(find('state'), 'data-state', line.state);
  const list = snapshot ? notices(snapshot) : [];
  if (broken) list.unshift({ text: snapshot ? `${broken} These are the last figures.` : broken, kind: 'bad' });
  const gone = snapshot && !broken && ['stopped', 'stalled'].includes(snapshot.collector.state);
  if (gone && startHint) list.unshift({ text: `What programs do meanwhile shows when it is back; ${startHint}.`, kind: 'warn' });
  keyed(find('notices'), list, (item) => item.text, () => ({ node: make('li') }), (row, item) => {
    sentence(row.node, item.text);
    attribute(row.node, 'data-kind', item.kind);
  });
  const notes = snapshot ? footnotes(snapshot) : [];
  keyed(find('notes'), notes, (note) => note, (note) => ({ node: make('li', {}, note) }));
}

// Title and sentence where there is nothing to show.
export function emptyWords(snapshot, startHint) {
  if (snapshot.collector.state === null) {
    return ['No collector runs', `What programs allocate is not known until one does. ${startHint ? `To begin, ${startHint}.` : ''}`];
  }
  return ['Nothing is tracked yet', 'Devices and programs show here as soon as one allocates. `tidemark run -- COMMAND` tracks a program.'];
}
