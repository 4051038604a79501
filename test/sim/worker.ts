/** A core's worth of schedules. */
import { parentPort } from 'node:worker_threads'
import { runSchedule } from './schedule.ts'

parentPort?.on('message', async (seed: string) => {
  parentPort?.postMessage(await runSchedule(seed))
})
