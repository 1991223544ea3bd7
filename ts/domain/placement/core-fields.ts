/** Field paths of the core's columns and levels, as the caller knows them. */
import { QuorateError } from '../../errors.js';
import { call, type NativePoolColumns } from '../../native.js';
import { PROFILE_FIELDS } from './facts.js';
import { AXES, AXIS_NAMES, type Axis } from './vocabulary.js';

/** Makes a native call; where it fails, its field has the name that `nameOf` gives it. */
export function callNaming<T>(nameOf: (field: string) => string, native: Parameters<typeof call<T>>[0]): T {
  try {
    return call(native);
  } catch (error) {
    if (!(error instanceof QuorateError) || error.details.field === null) throw error;
    const { field } = error.details;
    const name = nameOf(field);
    throw new QuorateError(error.code, error.message.replaceAll(field, name), {
      field: name,
      retryable: error.retryable,
      cause: error,
    });
  }
}

const LEVEL_FIELDS: Readonly<Record<string, string>> = {
  'requirement.name': 'level.name',
  'requirement.confidenceMin': 'level.minConfidenceScore',
  'requirement.requireTeeDiversity': 'level.requireTeeDiversity',
};

/** `requirement.axes.tee_vendor.distinctMin` is the caller's `level.minTeeVendorDiversity`. */
export function levelField(field: string): string {
  const rule = /^requirement\.axes\.(\w+)\.(\w+)$/.exec(field);
  if (!rule) return LEVEL_FIELDS[field] ?? field;
  const name = AXIS_NAMES[rule[1] as Axis];
  return `level.${rule[2] === 'distinctMin' ? `min${name}Diversity` : `maxDevicesPer${name}`}`;
}

/** `deviceIds[1]` is the caller's `profiles[1].deviceId`, and so on for every column. */
export function profileField(columns: NativePoolColumns, field: string): string {
  const path = /^(\w+)(?:\.(\w+))?\[(\d+)\]$/.exec(field);
  if (!path) return field;
  const [, column = '', axis, digits] = path;
  const index = Number(digits);
  const of = (candidate: number, name: string): string => `profiles[${Math.max(0, candidate)}].${name}`;
  const lying = (region: number): number => columns.regionOffsets.findIndex((start) => start > region) - 1;
  const onAxis = PROFILE_FIELDS[axis as Axis];
  switch (column) {
    case 'deviceIds':
      return of(index, 'deviceId');
    case 'names':
      if (axis === 'power_region') return of(lying(columns.regionIds.indexOf(index)), onAxis);
      return of(columns.values[AXES.indexOf(axis as Axis)]?.indexOf(index) ?? 0, onAxis);
    case 'values':
      return of(index, onAxis);
    case 'regionOffsets':
      return of(index - 1, PROFILE_FIELDS.power_region);
    case 'regionIds':
    case 'regionSharePpm':
      return of(lying(index), PROFILE_FIELDS.power_region);
    case 'axisConfidence':
      return of(Math.floor(index / AXES.length), 'confidence');
    default:
      return of(index, column);
  }
}
