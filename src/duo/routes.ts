import type { Rest } from '../http/rest.ts'
// placeholder until the room lands
export function duoRoutes (_rest: Rest): void {}
