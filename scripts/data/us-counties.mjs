// Writes crates/diversity/data/us_counties.tsv and us_states.tsv.
//
//   npm install --prefix /tmp/atlas us-atlas@3.0.1 topojson-client@3.1.0
//   node scripts/data/us-counties.mjs /tmp/atlas/node_modules
//
// Names and borders come from the Census Bureau through the npm package us-atlas; the facts of
// us-regions.mjs say which NERC regional entity a county belongs to.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { REGIONS, SPLIT, STATED, STATES } from './us-regions.mjs';

const WHOLE_PPM = 1_000_000;
// Territories (Puerto Rico and others) are countries of ISO 3166 and stand in grids.tsv.
const LAST_STATE_FIPS = 56;

const modules = process.argv[2];
if (modules === undefined) {
  process.stderr.write('usage: node scripts/data/us-counties.mjs NODE_MODULES\n');
  process.exit(2);
}
const require = createRequire(join(modules, 'index.js'));
const { feature } = require('topojson-client');
const atlas = JSON.parse(readFileSync(join(modules, 'us-atlas', 'counties-10m.json'), 'utf8'));

/** Area and centroid times area of a ring, in degrees: a county is small enough for a plane. */
function ringCentroid(ring) {
  let area = 0;
  let x = 0;
  let y = 0;
  for (let i = 0; i + 1 < ring.length; i++) {
    const [x0, y0] = ring[i];
    const [x1, y1] = ring[i + 1];
    const cross = x0 * y1 - x1 * y0;
    area += cross;
    x += (x0 + x1) * cross;
    y += (y0 + y1) * cross;
  }
  return { area: area / 2, x: x / 6, y: y / 6 };
}

function centroid(geometry) {
  const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
  let area = 0;
  let x = 0;
  let y = 0;
  for (const [outer, ...holes] of polygons) {
    // Islands beyond the date line would pull the centroid of the Aleutians round the world.
    const ring = outer.map(([lon, lat]) => [lon > 0 ? lon - 360 : lon, lat]);
    const part = ringCentroid(ring);
    const sign = Math.sign(part.area);
    area += sign * part.area;
    x += sign * part.x;
    y += sign * part.y;
    for (const hole of holes) {
      const cut = ringCentroid(hole.map(([lon, lat]) => [lon > 0 ? lon - 360 : lon, lat]));
      const holeSign = Math.sign(cut.area);
      area -= holeSign * cut.area;
      x -= holeSign * cut.x;
      y -= holeSign * cut.y;
    }
  }
  // Falls Church is so small that its simplified border encloses nothing: its corners' mean stands for it.
  if (area === 0) {
    const corners = polygons.flat(2);
    if (corners.length === 0) throw new Error('a county without a border');
    const mean = (index) => corners.reduce((sum, corner) => sum + corner[index], 0) / corners.length;
    return { latitude: mean(1), longitude: mean(0) };
  }
  const longitude = x / area;
  return { latitude: y / area, longitude: longitude < -180 ? longitude + 360 : longitude };
}

/** `A` or `A+B` to `[[zone, ppm], ...]`: regions whose proportions nobody states share evenly. */
function shares(text) {
  const names = text.split('+');
  const each = Math.floor(WHOLE_PPM / names.length);
  return names.map((name, index) => {
    if (!(name in REGIONS)) throw new Error(`unknown region ${name}`);
    return [REGIONS[name], index === 0 ? WHOLE_PPM - each * (names.length - 1) : each];
  });
}

const text = (list) => list.map(([zone, ppm]) => (ppm === WHOLE_PPM ? zone : `${zone}=${ppm}`)).join(';');

const exceptions = new Map();
for (const [state, groups] of Object.entries(SPLIT)) {
  for (const [regions, counties] of Object.entries(groups)) {
    for (const county of counties.trim().split(/\s+/)) {
      const key = STATES[state].fips + county;
      if (exceptions.has(key)) throw new Error(`${state} ${county} stands in two lists`);
      exceptions.set(key, regions);
    }
  }
}

const stateOf = new Map(Object.entries(STATES).map(([code, state]) => [state.fips, { code, ...state }]));
const rows = [];
const perState = new Map();
const unused = new Set(exceptions.keys());
for (const county of feature(atlas, atlas.objects.counties).features) {
  const fips = String(county.id).padStart(5, '0');
  if (Number(fips.slice(0, 2)) > LAST_STATE_FIPS) continue;
  const state = stateOf.get(fips.slice(0, 2));
  const regions = shares(exceptions.get(fips) ?? state.region);
  unused.delete(fips);
  const { latitude, longitude } = centroid(county.geometry);
  const centre = [latitude.toFixed(2), longitude.toFixed(2)];
  rows.push([fips, state.code, county.properties.name, ...centre, text(regions)]);
  const sums = perState.get(state.code) ?? { zones: new Map() };
  for (const [zone, ppm] of regions) sums.zones.set(zone, (sums.zones.get(zone) ?? 0) + ppm);
  perState.set(state.code, sums);
}
if (unused.size > 0) throw new Error(`no such county: ${[...unused].join(' ')}`);
rows.sort((a, b) => (a[0] < b[0] ? -1 : 1));

/** Scales weights to `whole`, rounded down, the remainder to the largest; largest first. */
function toPpm(weights, whole = WHOLE_PPM) {
  const sum = weights.reduce((total, [, weight]) => total + weight, 0);
  if (weights.length === 0) return [];
  const list = weights.map(([zone, weight]) => [zone, Math.floor((weight * whole) / sum)]);
  list.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  list[0][1] += whole - list.reduce((total, [, ppm]) => total + ppm, 0);
  return list;
}

/** Shares of a state: what is stated about it, the rest by the number of counties. */
function stateShares(code) {
  const stated = Object.entries(STATED[code] ?? {}).map(([name, ppm]) => [REGIONS[name], ppm]);
  const rest = [...perState.get(code).zones].filter(([zone]) => !stated.some(([name]) => name === zone));
  const left = WHOLE_PPM - stated.reduce((total, [, ppm]) => total + ppm, 0);
  return [...stated, ...toPpm(rest, left)].sort((a, b) => b[1] - a[1]);
}

const header = (what, columns) => `# ${what}
# Made by scripts/data/us-counties.mjs from scripts/data/us-regions.mjs (facts, with their sources) and
# us-atlas 3.0.1 (ISC; U.S. Census Bureau, public domain; county equivalents of 2017).
# Written 2026-11-21. Do not edit.
# Licence of this table: as the project. Facts of NREL ReEDS (BSD-3-Clause) and EIA-861 (public domain).
# ${columns.join('\t')}
`;
const out = new URL('../../crates/diversity/data/', import.meta.url);
writeFileSync(
  new URL('us_counties.tsv', out),
  header('US counties: centroid in degrees, NERC regions with shares in ppm (a lone region has all).', [
    'fips',
    'state',
    'county',
    'latitude',
    'longitude',
    'regions',
  ]) +
    rows.map((row) => row.join('\t')).join('\n') +
    '\n',
);
const states = [];
const nation = new Map();
for (const [code, { name, thousands }] of Object.entries(STATES)) {
  const list = stateShares(code);
  states.push([code, name, text(list)]);
  for (const [zone, ppm] of list) nation.set(zone, (nation.get(zone) ?? 0) + ppm * thousands);
}
states.push(['*', 'United States', text(toPpm([...nation]))]);
writeFileSync(
  new URL('us_states.tsv', out),
  header('US states: NERC regions with shares in ppm; * is the country, states weighted by inhabitants.', [
    'code',
    'name',
    'regions',
  ]) +
    states.map((row) => row.join('\t')).join('\n') +
    '\n',
);
process.stdout.write(`${rows.length} counties, ${exceptions.size} exceptions, ${states.length} states\n`);
