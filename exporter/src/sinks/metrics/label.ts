import { FLEET, NOBODY } from '@remit/contract';
import { labelValue } from '../../lib/label-value.ts';

/** The `identity` label: the URN, or `_fleet_` for what is about no single one. */
export function identityLabel(urn: string): string {
  return urn === FLEET ? FLEET : labelValue(urn);
}

/** The `identity_owner` label: the team, or `_none_` where nobody owns it. */
export function ownerLabel(team: string | null): string {
  return team === null || team === NOBODY ? NOBODY : labelValue(team);
}
