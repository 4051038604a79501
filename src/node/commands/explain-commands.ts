/** `lightmesh unit explain`: asks a running oracle why a unit's verdict and score are what they are. */
import { unitReportSchema } from '../../api/http/schemas.ts'
import type { JsonValue } from '../../consumer/commands/command.ts'
import { optionText, parseUnit, wrong } from '../../consumer/commands/values.ts'
import { askNode, DEFAULT_API } from './ask-node.ts'
import type { GroupCommand, Lend } from './command-group.ts'

/** A node's API. */
export interface NodeApi {
  url: string
}

export const API_OPTIONS = [{ flag: '--api <url>', description: `HTTP API of an oracle; default ${DEFAULT_API}` }]

export const lendApi: Lend<NodeApi> = ({ api }, work) => work({ url: api ?? DEFAULT_API })

export const explainCommands: readonly GroupCommand<NodeApi>[] = [
  {
    name: 'explain',
    description: "Why a unit's verdict and score are what they are, from the evidence of the node that is asked.",
    arguments: ['<unit>'],
    options: [
      { flag: '--epoch <n>', description: 'this epoch; default: the newest that can be explained' },
      { flag: '--day <n>', description: 'this day: the newest verdict in it, and every failed probe' },
    ],
    async run({ url }, request) {
      const unitId = parseUnit(request.arguments[0])
      const [epoch, day] = [optionText(request, 'epoch'), optionText(request, 'day')]
      if (epoch !== undefined && day !== undefined) throw wrong('--day', 'not together with --epoch')
      const query = new URLSearchParams()
      if (epoch !== undefined) query.set('epoch', whole(epoch, '--epoch'))
      if (day !== undefined) query.set('day', whole(day, '--day'))
      const answer = await askNode(url, `/v1/units/${unitId}/report?${query}`, request.signal)
      const { text, ...json } = unitReportSchema.parse(answer)
      return { lines: text, json: json as JsonValue }
    },
  },
]

function whole(text: string, what: string): string {
  if (!/^\d{1,12}$/.test(text)) throw wrong(what, 'a whole number')
  return text
}
