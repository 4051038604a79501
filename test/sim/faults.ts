/** Turns the faults of a schedule into events of virtual time. */
import { PREFIX } from '../../src/oracle/keys.ts'
import type { Fault } from './options.ts'
import type { SimNode } from './sim-node.ts'
import type { World } from './world.ts'

export function scheduleFaults(world: World): void {
  for (const fault of world.options.faults) {
    world.time.at(world.fromGenesis(fault.atMs), () => {
      world.trace(`fault ${JSON.stringify(fault)}`)
      begin(world, fault)
    })
  }
}

function crash(world: World, node: SimNode, downMs: number, meanwhile: () => void = () => {}): void {
  node.crash()
  meanwhile()
  world.trace(`node ${node.index} crashed`)
  world.time.after(downMs, () => {
    world.trace(`node ${node.index} restarted`)
    node.start()
  })
}

function forAWhile(world: World, fault: { forMs: number }, set: (on: boolean) => void): void {
  set(true)
  world.time.after(fault.forMs, () => set(false))
}

function begin(world: World, fault: Fault): void {
  const node = 'node' in fault ? world.nodes[fault.node]! : undefined
  switch (fault.kind) {
    case 'crash':
      crash(world, node!, fault.downMs)
      break
    case 'crash-in-sync':
      node!.disk.onSync = () => {
        node!.disk.onSync = undefined
        // Within the write, before it is known to be on the disk; the shortest write takes a millisecond.
        world.time.after(0, () => crash(world, node!, fault.downMs))
      }
      break
    case 'journal-lost':
      crash(world, node!, fault.downMs, () => {
        node!.disk.tamper((entries) => {
          for (const key of entries.keys())
            if (key.startsWith(PREFIX.journal) || key === PREFIX.journalMarker) entries.delete(key)
        })
      })
      break
    case 'disk-lost':
      crash(world, node!, fault.downMs, () => node!.replaceDisk())
      break
    case 'partition': {
      const groups = new Map(
        fault.groups.flatMap((members, g) => members.map((i) => [world.nodes[i]!.signer.address, g] as const)),
      )
      forAWhile(world, fault, (on) => world.network.partition(on ? groups : undefined))
      break
    }
    case 'reorg':
      world.chain.reorg(fault.depth, fault.keepTransactions)
      break
    case 'endpoint-lag':
      forAWhile(world, fault, (on) => {
        node!.endpoint.lagSeconds = on ? fault.lagSeconds : 0
      })
      break
    case 'endpoint-down':
      forAWhile(world, fault, (on) => {
        node!.endpoint.down = on
      })
      break
    case 'endpoint-lies':
      forAWhile(world, fault, (on) => {
        node!.endpoint.lies = on
      })
      break
    case 'clock-step':
      forAWhile(world, fault, (on) => node!.clock.step(on ? fault.offsetMs : 0))
      break
    case 'disk-full':
      forAWhile(world, fault, (on) => {
        node!.disk.readOnly = on
      })
      break
    case 'chain-halt':
      forAWhile(world, fault, (on) => {
        world.chain.halted = on
      })
  }
}
