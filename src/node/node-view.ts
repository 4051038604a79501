/** What the HTTP API shows, put together from the parts of a running node. */
import type {
  AttestationView,
  OraclePointsView,
  ProofView,
  ReservationView,
  StatusView,
  UnitView,
} from '../api/http/schemas.ts'
import type { ApiEvent, NodeView } from '../api/http/server.ts'
import type { AttestationRecord } from '../chain/records.ts'
import { epochAt } from '../core/epoch-clock.ts'
import type { Address, UnitId } from '../core/ids.ts'
import type { UnitLeaf } from '../core/leaves.ts'
import type { MarketReservation, MarketUnit } from '../core/ports/market.ts'
import type { OracleNode } from '../oracle/api.ts'
import type { Foundation } from './foundation.ts'
import { createUnitReports } from './unit-reports.ts'

export function createNodeView(base: Foundation, oracle: OracleNode | undefined): NodeView {
  const { chain, market, health, metrics } = base
  const leaves = () => new Map((oracle?.state()?.unitLeaves() ?? []).map((leaf) => [leaf.unitId, leaf]))
  return {
    status: () => statusOf(base, oracle),
    units() {
      const held = leaves()
      return market.units().map((unit) => unitView(unit, held.get(unit.id)))
    },
    unitProof: (unitId) => proofView(base, oracle, unitId),
    attestations: (limit) =>
      chain
        .view()
        .attestations(limit)
        .map((record) => attestationView(base, record)),
    reservations: () => market.reservations().map(reservationView),
    live: () => health.live(),
    ready: () => health.ready(),
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
    watch: (listener) => watch(base, oracle, listener),
    unitReport: createUnitReports(base),
    oraclePoints: (node) => pointsView(base, oracle, node),
  }
}

function statusOf(base: Foundation, oracle: OracleNode | undefined): StatusView {
  const { chain, clock, config, identity, mesh } = base
  const { head, problem } = chain.health()
  const status = oracle?.status()
  return {
    address: identity.signer.address,
    peerId: mesh.peerId,
    multiaddrs: mesh.multiaddrs(),
    roles: config.roles,
    network: { ...chain.domain, oracleSet: chain.network.oracleSet },
    chain: { block: head && Number(head.number), problem: problem && `${problem.code}: ${problem.message}` },
    peers: mesh.peers().map(({ address, peerId, direction, score }) => ({ address, peerId, direction, score })),
    epoch: epochAt(chain.clock, clock.now()),
    phase: status?.phase,
    seat: status?.index,
    oracles: base.oracles().length,
    quorum: chain.view().sets().at(-1)?.quorum,
    stateEpoch: status?.stateEpoch,
    alarms: (status?.alarms ?? []).map(({ code, epoch, message, at }) => ({ code, epoch, message, at })),
  }
}

function measured({ unitId: _unitId, era: _era, paidBpsSum, ...rest }: UnitLeaf): NonNullable<UnitView['measured']> {
  return { ...rest, paidBpsSum: `${paidBpsSum}` }
}

function unitView(unit: MarketUnit, leaf: UnitLeaf | undefined): UnitView {
  const { terms } = unit
  return {
    id: unit.id,
    provider: terms.provider,
    operator: unit.operator,
    kind: terms.kind,
    region: terms.region,
    status: unit.status,
    token: terms.token,
    capacityBytes: `${terms.capacityBytes}`,
    reservedBytes: `${unit.reservedBytes}`,
    pricePerGibEpoch: `${terms.pricePerGibEpoch}`,
    sla: { ...terms.sla },
    measured: leaf && measured(leaf),
  }
}

function proofView({ market }: Foundation, oracle: OracleNode | undefined, unitId: UnitId): ProofView | undefined {
  const found = oracle?.leafProof(unitId)
  const attestation = found && market.attestation(found.epoch)
  if (!found || !attestation) return undefined
  const { root, epoch, proof, leaf } = found
  return {
    ...{ root, epoch, proof: [...proof] },
    prevEpoch: attestation.ringPrevEpoch,
    leaf: { ...measured(leaf), unitId: leaf.unitId, era: leaf.era },
  }
}

function pointsView(
  { market }: Foundation,
  oracle: OracleNode | undefined,
  node: Address,
): OraclePointsView | undefined {
  const found = oracle?.oracleProof(node)
  const attestation = found && market.attestation(found.epoch)
  if (!found || !attestation) return undefined
  const { root, proof, leaf } = found
  return { ...leaf, points: `${leaf.points}`, root, proof: [...proof], prevEpoch: attestation.ringPrevEpoch }
}

function signersOf({ chain }: Foundation, { header, signers }: AttestationRecord): Address[] {
  const set = chain
    .view()
    .sets()
    .find(({ setId }) => setId === header.setId)
  return (set?.nodes ?? []).filter((_, i) => (signers >> i) & 1)
}

function attestationView(base: Foundation, record: AttestationRecord): AttestationView {
  const { epoch, root, parentRoot, unitCount, setId, attempt } = record.header
  return {
    ...{ epoch, root, parentRoot, unitCount, setId, attempt },
    prevEpoch: record.ringPrevEpoch,
    signers: signersOf(base, record),
    txHash: record.txHash,
    block: Number(record.blockNumber),
    blockTimestamp: record.blockTimestamp,
  }
}

function reservationView(r: MarketReservation): ReservationView {
  return {
    id: `${r.id}`,
    unitId: r.unitId,
    consumer: r.consumer,
    status: r.status,
    capacityBytes: `${r.capacityBytes}`,
    epochs: r.epochs,
    ratePerEpoch: `${r.ratePerEpoch}`,
    lastEpoch: r.lastEpoch,
    endEpoch: r.endEpoch,
    deposited: `${r.deposited}`,
    paid: `${r.paid}`,
    refunded: `${r.refunded}`,
  }
}

function watch(base: Foundation, oracle: OracleNode | undefined, listener: (event: ApiEvent) => void): () => void {
  const stops = [
    base.chain.subscribe((change) => {
      if (change.kind === 'attestation')
        listener({ type: 'attested', data: attestationView(base, change.attestation as AttestationRecord) })
      if (change.kind === 'unit') listener({ type: 'unit', data: { unitId: change.unitId } })
      if (change.kind === 'reservation') listener({ type: 'reservation', data: { id: `${change.id}` } })
    }),
  ]
  if (oracle) {
    stops.push(oracle.on('phase', ({ epoch, phase }) => listener({ type: 'phase', data: { epoch, phase } })))
    stops.push(oracle.on('skipped', ({ epoch }) => listener({ type: 'skipped', data: { epoch } })))
    stops.push(
      oracle.on('alarm', ({ code, epoch, message }) => listener({ type: 'alarm', data: { code, epoch, message } })),
    )
  }
  return () => {
    for (const stop of stops) stop()
  }
}
