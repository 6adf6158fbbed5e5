import { expect, it } from 'vitest';
import { nhiEventSchema } from '@remit/contract';
import { shapedActor, shapedEndpoint, shapedEvent, shapedMetadata, shapedResource, shapedSession, shapedUser } from './event-shape.ts';

const { metadata, actor, resources, src_endpoint } = nhiEventSchema.shape;
const { user, session } = actor.shape;
const event = shapedEvent({
  metadata: shapedMetadata('id', 'source', undefined, undefined), principal_key: '', time: 0, class_uid: 0, activity_id: 0,
  actor: shapedActor({ urn: null, kind: 'unknown', resolution: 'none' }, undefined), api: { operation: '' }, action: { category: 'read' },
  status_id: 0, outcome: { denied: false }, src_kind: 'unknown', flags: [],
});

it.each([
  ['event', event, nhiEventSchema], ['metadata', event.metadata, metadata], ['actor', event.actor, actor],
  ['user', shapedUser('name', 0, 'type'), user.unwrap()], ['session', shapedSession(undefined, undefined), session.unwrap()],
  ['resource', shapedResource(undefined, undefined), resources.unwrap().element], ['endpoint', shapedEndpoint(undefined), src_endpoint.unwrap()],
])('%s has every member of the schema, in its order', (_, shaped, schema) => {
  expect(Object.keys(shaped)).toEqual(Object.keys(schema.shape));
});
