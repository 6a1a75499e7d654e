/**
 * zones.ts - the time zones to choose from: the browser's own, UTC, and all others by region.
 */
export const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

export interface ZoneGroup {
  region: string;
  zones: readonly { name: string; label: string }[];
}

export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat(undefined, { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

let groups: readonly ZoneGroup[] | undefined;
/** All but UTC, made once. */
export function zoneGroups(): readonly ZoneGroup[] {
  if (groups !== undefined) return groups;
  const byRegion = new Map<string, { name: string; label: string }[]>();
  for (const name of Intl.supportedValuesOf('timeZone')) {
    const slash = name.indexOf('/');
    if (slash < 0) continue; // UTC and old names
    const region = name.slice(0, slash);
    const zones = byRegion.get(region) ?? [];
    zones.push({ name, label: name.slice(slash + 1).replaceAll('_', ' ').replaceAll('/', ' · ') });
    byRegion.set(region, zones);
  }
  groups = [...byRegion].map(([region, zones]) => ({ region, zones }));
  return groups;
}

/** "GMT+2" and the like; empty for UTC itself. */
export function zoneOffset(zone: string): string {
  if (zone === 'UTC') return '';
  const parts = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'shortOffset' }).formatToParts(Date.now());
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
}
