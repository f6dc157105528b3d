// The fast path's figure: bars of ns a packet by number of flows, as an SVG that reads on light and dark pages.
import type { FastPathRow } from './fast-path.js';

/** The reference's FullNAT, both directions, one core, measured on a two-core machine of this kind (docs/benchmarks.md). */
export const REFERENCE_NS: Readonly<Record<number, number>> = { 1: 226, 1000: 256, 65536: 500, 1000000: 830 };

const WIDTH = 720;
const HEIGHT = 360;
const LEFT = 60;
const BOTTOM = 300;
const TOP = 40;
const series = [
  { name: 'bare loop', colour: '#8a8f98', of: (r: FastPathRow) => r.bareNs },
  { name: 'FullNAT here', colour: '#2f7ed8', of: (r: FastPathRow) => r.fullNatNs },
  { name: 'FullNAT, DPVS 1.10.2', colour: '#d9822b', of: (r: FastPathRow) => REFERENCE_NS[r.flows] },
];

export const flowsText = (flows: number): string =>
  flows === 1
    ? '1 flow'
    : flows >= 1_000_000
      ? `${flows / 1_000_000} M flows`
      : `${Math.floor(flows / 1000 / (flows % 1024 === 0 ? 1.024 : 1))} k flows`;

export function fastPathSvg(rows: readonly FastPathRow[]): string {
  const top = Math.max(...rows.flatMap((r) => series.map((s) => s.of(r))));
  const max = Math.ceil(top / 200) * 200;
  const y = (ns: number): number => BOTTOM - ((BOTTOM - TOP) * ns) / max;
  const group = (WIDTH - LEFT - 20) / rows.length;
  const bar = group / 4.5;
  const parts: string[] = [];
  for (let ns = 0; ns <= max; ns += 200) {
    parts.push(`<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${y(ns)}" y2="${y(ns)}" stroke="#8884"/>`);
    parts.push(`<text x="${LEFT - 8}" y="${y(ns) + 4}" text-anchor="end">${ns}</text>`);
  }
  rows.forEach((row, i) => {
    const x0 = LEFT + i * group + group / 8;
    series.forEach((s, k) => {
      const ns = s.of(row);
      const x = x0 + k * (bar + 4);
      parts.push(
        `<rect x="${x.toFixed(1)}" y="${y(ns).toFixed(1)}" width="${bar.toFixed(1)}" height="${(BOTTOM - y(ns)).toFixed(1)}" fill="${s.colour}"/>`,
      );
      parts.push(
        `<text x="${(x + bar / 2).toFixed(1)}" y="${(y(ns) - 5).toFixed(1)}" text-anchor="middle">${Math.round(ns)}</text>`,
      );
    });
    parts.push(
      `<text x="${(x0 + 1.5 * bar + 4).toFixed(1)}" y="${BOTTOM + 20}" text-anchor="middle">${flowsText(row.flows)}</text>`,
    );
  });
  series.forEach((s, k) => {
    const x = LEFT + k * 200;
    parts.push(`<rect x="${x}" y="${HEIGHT - 24}" width="12" height="12" fill="${s.colour}"/>`);
    parts.push(`<text x="${x + 18}" y="${HEIGHT - 14}">${s.name}</text>`);
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}"`,
    ' role="img" aria-label="ns a packet by number of flows">',
    '<style>text{font:12px sans-serif;fill:#777}</style>',
    `<text x="${LEFT}" y="20">ns a packet, FullNAT UDP both directions, one core (less is better)</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}
