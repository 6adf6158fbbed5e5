import type { QueryKind } from '../types';
import * as baseline from './baseline';
import * as chain from './chain';
import * as coverage from './coverage';
import * as deviations from './deviations';
import * as events from './events';
import * as explain from './explain';
import * as findings from './findings';
import * as graph from './graph';
import * as identities from './identities';
import type { KindPart } from './kind';
import * as privileges from './privileges';

/** Every kind of query. Over the contract's own list: a kind without a folder does not compile. */
export const REGISTRY: Record<QueryKind, KindPart> = { findings, events, identities, baseline, deviations, graph, chain, privileges, coverage, explain };
