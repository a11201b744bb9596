// placeholder until the room lands
export async function startSchedule (_app: unknown): Promise<{ stop: () => Promise<void> }> { return { stop: async () => {} } }
