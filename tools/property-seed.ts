import fc from 'fast-check';

/**
 * Property tests draw the same samples in every run, so that a change is what makes them fail; `PROPERTY_SEED=random npm test`
 * draws new ones, and a number those of an earlier run.
 */
const wanted = process.env['PROPERTY_SEED'] ?? '4';
if (wanted !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(wanted) });
