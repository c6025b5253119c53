/** Whether tests run that take too long for every change: `npm run long`. */
export const isLong = process.env['SWARMUP_TEST_LONG'] === 'true';
