import type { Chart } from "./figure.ts";

const [width, height, pad] = [640, 320, 56];

/** A line through the points with the slope beneath the title, as SVG that is read in light and in dark. */
export function renderChart({ title, x: over, points, slope }: Chart): string {
  const maxX = Math.max(...points.map(({ x }) => x));
  const maxY = Math.max(...points.map(({ y }) => y)) || 1;
  const across = (x: number): number => Math.round(pad + (x / maxX) * (width - 2 * pad));
  const up = (y: number): number => Math.round(height - pad - (y / maxY) * (height - 2 * pad - 16));
  const dot = ({ x, y }: { x: number; y: number }): string =>
    `<circle cx="${across(x)}" cy="${up(y)}" r="4"/><text x="${across(x)}" y="${up(y) - 10}" text-anchor="middle">${show(y)}</text>`;
  const tick = ({ x }: { x: number }): string =>
    `<text x="${across(x)}" y="${height - pad + 18}" text-anchor="middle">${show(x)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img" aria-label="${escapeText(`${title} against ${over}: ${slope}`)}">
<rect width="${width}" height="${height}" fill="#fff"/><text x="${pad}" y="22" font-size="14">${escapeText(title)} against ${escapeText(over)}</text>
<text x="${pad}" y="40" fill="#555">${escapeText(slope)}</text>
<path d="M${pad} ${pad}V${height - pad}H${width - pad}" fill="none" stroke="#888"/>
<polyline points="${points.map(({ x, y }) => `${across(x)},${up(y)}`).join(" ")}" fill="none" stroke="#2563eb" stroke-width="2"/>
<g fill="#2563eb">${points.map(dot).join("")}</g>
<g fill="#555">${points.map(tick).join("")}<text x="${width / 2}" y="${height - 14}" text-anchor="middle">${escapeText(over)}</text></g></svg>
`;
}

const show = (value: number): string =>
  (Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 10) / 10).toLocaleString("en-US");

const escapeText = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
