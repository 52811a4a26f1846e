// What the pages remember in this browser: a few names in local storage (or session storage). A browser that refuses storage is no error.
export function recall(name: string, storage: () => Storage = () => localStorage): string | null {
  try {
    return storage().getItem(name);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string | null, storage: () => Storage = () => localStorage): void {
  try {
    if (value === null) storage().removeItem(name);
    else storage().setItem(name, value);
  } catch {
    // Storage is off or full: the choice holds until the page is left.
  }
}
