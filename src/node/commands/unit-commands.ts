/** A provider's units on chain, by its operator's key (or the node's own, where the contract takes it). */
import { announceMaintenance } from '../../chain/actions/announce-maintenance.ts'
import { changeCapacity } from '../../chain/actions/change-capacity.ts'
import { registerDataUnit } from '../../chain/actions/register-data-unit.ts'
import { retireUnit } from '../../chain/actions/retire-unit.ts'
import { setAutoAccept } from '../../chain/actions/set-auto-accept.ts'
import { formatBytes, parseAmount, parseBytes, parseCount, parseUnit, wrong } from '../../consumer/commands/values.ts'
import { unitIdOf } from '../../core/eip712.ts'
import { ConfigError } from '../config-entry.ts'
import { readUnitsFile } from '../units-file.ts'
import { type OperatorCommand, type OperatorSession, sent } from './operator-session.ts'

/** The offer is taken at once or not at all. */
const OFFER_SECONDS = 3_600

export const unitCommands: readonly OperatorCommand[] = [
  {
    name: 'register',
    description: "Registers a unit of the configuration's units file directly, without an oracle that relays it.",
    arguments: ['<nonce>'],
    options: [],
    async run(session, { arguments: [nonce], signal }) {
      const provider = nodeOf(session)
      const file = session.config.unitsFile
      if (file === undefined) throw new ConfigError('missing-value', 'unitsFile is needed: the unit and its terms')
      const wanted = parseAmount(nonce ?? '', 'nonce')
      const entry = readUnitsFile(file).find((unit) => unit.nonce === wanted)
      if (!entry) throw wrong('nonce', `one of a unit in ${file}`)
      const { backend: _backend, probeObjects: _objects, ...terms } = entry
      const deadline = session.chain.health().head!.timestamp + OFFER_SECONDS
      const receipt = await registerDataUnit(session.actions, { ...terms, provider }, deadline, { signal })
      const unitId = unitIdOf(provider, wanted)
      return sent(`unit ${unitId} registered`, receipt, { unitId })
    },
  },
  {
    name: 'maintenance',
    description: 'Announces epochs in which a unit is not measured.',
    arguments: ['<unit>', '<from-epoch>', '<epochs>'],
    options: [],
    async run({ actions }, { arguments: [unit, from, count], signal }) {
      const [unitId, fromEpoch] = [parseUnit(unit), parseCount(from ?? '', 'from-epoch')]
      const epochs = parseCount(count ?? '', 'epochs')
      const receipt = await announceMaintenance(actions, unitId, fromEpoch, epochs, { signal })
      const what = `unit ${unitId}: maintenance from epoch ${fromEpoch} to ${fromEpoch + epochs - 1}`
      return sent(what, receipt, { unitId, fromEpoch, epochs })
    },
  },
  {
    name: 'capacity',
    description: 'Changes the capacity of a unit: up, or down to what is reserved.',
    arguments: ['<unit>', '<size>'],
    options: [],
    async run({ actions }, { arguments: [unit, size], signal }) {
      const [unitId, bytes] = [parseUnit(unit), parseBytes(size ?? '', 'size')]
      const receipt = await changeCapacity(actions, unitId, bytes, { signal })
      return sent(`unit ${unitId}: ${formatBytes(bytes)}`, receipt, { unitId, capacityBytes: `${bytes}` })
    },
  },
  {
    name: 'auto-accept',
    description: 'Lets anyone activate reservations of a unit (on), or its provider alone (off).',
    arguments: ['<unit>', '<on|off>'],
    options: [],
    async run({ actions }, { arguments: [unit, text], signal }) {
      const unitId = parseUnit(unit)
      if (text !== 'on' && text !== 'off') throw wrong('auto-accept', 'on or off')
      const autoAccept = text === 'on'
      const receipt = await setAutoAccept(actions, unitId, autoAccept, { signal })
      return sent(`unit ${unitId}: auto-accept ${text}`, receipt, { unitId, autoAccept })
    },
  },
  {
    name: 'retire',
    description:
      'Retires a unit that nothing is reserved of. To wind one down: `unit auto-accept UNIT off`, let reservations end, then retire.',
    arguments: ['<unit>'],
    options: [],
    async run({ actions }, { arguments: [unit], signal }) {
      const unitId = parseUnit(unit)
      return sent(`unit ${unitId} retired`, await retireUnit(actions, unitId, { signal }), { unitId })
    },
  },
]

/** The provider node of this operator; the key itself when it is one. */
function nodeOf({ chain, account }: OperatorSession) {
  const providers = chain.view().providers()
  const own = providers.find(({ operator, node }) => operator === account || node === account)
  if (!own) throw wrong('operator key', `${account} is no provider; see \`lightmesh provider register\``)
  return own.node
}
