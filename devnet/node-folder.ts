/** The folder of one node: its own key, passphrase and seed, its own backend's credentials, one bootstrap address. Nothing else. */
import { mkdirSync, writeFileSync } from 'node:fs'
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

export interface NodeFolderPlan {
  folder: string
  network: Network
  roles: NodeConfig['roles']
  key: KeyPair
  passphrase: string
  oracleSeed: Uint8Array | undefined
  bootstrap: string | undefined
  apiPort: number
  units: UnitPlan | undefined
}

const secret = (file: string, text: string) => writeFileSync(file, text, { mode: 0o600 })

/** @returns the configuration file for `lightmesh run --config`. */
export async function writeNodeFolder(plan: NodeFolderPlan): Promise<string> {
  const { folder, network } = plan
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  secret(join(folder, 'key.json'), await encryptKey(plan.key.privateKey, plan.passphrase, LIGHT_COST))
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
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: plan.bootstrap === undefined ? [] : [plan.bootstrap],
    allowPrivateAddresses: true,
    ...(plan.units && { unitsFile: 'units.json' }),
    apiPort: plan.apiPort,
    logFormat: 'json',
  }
  const file = join(folder, 'node.json')
  writeFileSync(file, JSON.stringify(config, null, 2))
  return file
}
