// By require(), from CommonJS.
//
// SPDX-License-Identifier: Apache-2.0
import footfall = require('footfall');

footfall.recordViewEvent(process.argv[2]!, 'l').then(({ recorded }) => console.log(`recorded ${recorded}`));
