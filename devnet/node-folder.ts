/** The folder of one node: its own key, passphrase and seed, its own backend's credentials, one bootstrap address. Nothing else. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bytesToHex } from '../src/core/ids.ts'
import type { NodeConfig } from '../src/node/config.ts'
import { encryptKey, LIGHT_COST } from '../src/node/keystore/web3-v3.ts'
import { CONFIRMATIONS } from './chain-watch.ts'
import type { KeyPair } from './keys.ts'
import { type Network, ORACLE_CHAIN_LENGTH } from './network.ts'

/** A provider's unit as its units file has it, and the secret of its backend. */
export interface UnitPlan {
  unit: Record<string, unknown>
  /** Written beside the units file as `backend.json`, when there is one. */
  credentials: Record<string, string> | undefined
}

interface NodeFolderPlan {
  folder: string
  network: Network
  roles: NodeConfig['roles']
  key: KeyPair
  passphrase: string
  oracleSeed: Uint8Array | undefined
  /** The same after a restart, so that others find it again. */
  listenPort: number
  bootstrap: string | undefined
  apiPort: number
  units: UnitPlan | undefined
}

/** The configuration's file name in a node's folder. */
export const NODE_CONFIG = 'node.json'

const secret = (file: string, text: string) => writeFileSync(file, text, { mode: 0o600 })

/** Writes everything that `lightmesh run --config` needs. */
export async function writeNodeFolder(plan: NodeFolderPlan): Promise<void> {
  const { folder, network } = plan
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const keyFile = join(folder, 'key.json')
  // Of a run that goes on: the key is the same, and the file's lease is the node's.
  if (!existsSync(keyFile)) secret(keyFile, await encryptKey(plan.key.privateKey, plan.passphrase, LIGHT_COST))
  secret(join(folder, 'passphrase'), `${plan.passphrase}\n`)
  if (plan.oracleSeed) secret(join(folder, 'oracle-seed'), bytesToHex(plan.oracleSeed).slice(2))
  if (plan.units) {
    writeFileSync(join(folder, 'units.json'), JSON.stringify({ units: [plan.units.unit] }, null, 2))
    if (plan.units.credentials) secret(join(folder, 'backend.json'), JSON.stringify(plan.units.credentials))
  }
  const config = {
    roles: plan.roles,
    dataDir: 'data',
    keyFile: 'key.json',
    passphraseFile: 'passphrase',
    ...(plan.oracleSeed && { oracleSeedFile: 'oracle-seed', oracleChainLength: ORACLE_CHAIN_LENGTH }),
    rpcUrls: [network.rpcUrl],
    orchestrator: network.orchestrator,
    deploymentBlock: Number(network.deployBlock),
    confirmations: CONFIRMATIONS,
    listen: [`/ip4/127.0.0.1/tcp/${plan.listenPort}`],
    bootstrap: plan.bootstrap === undefined ? [] : [plan.bootstrap],
    allowPrivateAddresses: true,
    ...(plan.units && { unitsFile: 'units.json' }),
    apiPort: plan.apiPort,
    logFormat: 'json',
  }
  writeFileSync(join(folder, NODE_CONFIG), JSON.stringify(config, null, 2))
}
