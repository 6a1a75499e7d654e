// why-not.mjs - prints why there can be no power cuts here; nothing when there can. For script/crash.
//
// SPDX-License-Identifier: Apache-2.0
import { whyNot } from './disk.mjs';

console.log(whyNot() ?? '');
