// Which keys are chosen: their ids with what they were like when chosen, so that an action can be undone as far as that is possible.
import { useState } from 'preact/hooks';
import type { KeyRow, KeyStatus } from '../../../api/admin';

export interface Chosen { status: KeyStatus; until: string | null }
export type Choice = ReadonlyMap<string, Chosen>;

export interface Selection {
  chosen: Choice;
  toggle(rows: KeyRow[], isChosen: boolean): void;
  replace(rows: KeyRow[]): void;
  clear(): void;
}

const entryOf = (row: KeyRow): [string, Chosen] => [row.id, { status: row.status, until: row.until }];

export function useSelection(): Selection {
  const [chosen, setChosen] = useState<Choice>(new Map());
  return {
    chosen,
    toggle: (rows, isChosen) => setChosen((before) => {
      const after = new Map(before);
      for (const row of rows) {
        if (isChosen) after.set(...entryOf(row));
        else after.delete(row.id);
      }
      return after;
    }),
    replace: (rows) => setChosen(new Map(rows.map(entryOf))),
    clear: () => setChosen(new Map()),
  };
}
