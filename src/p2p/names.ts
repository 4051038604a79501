/** Short forms of network names. */

/** `/lightmesh/<network>/<name>/<version>` → `<name>`: a metric label with few values. */
export function shortName(full: string): string {
  return full.split('/').slice(3, -1).join('/') || 'other'
}
