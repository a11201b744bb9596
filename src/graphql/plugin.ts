// placeholder until the room lands
export async function registerGraphql (..._all: unknown[]): Promise<void> {}
