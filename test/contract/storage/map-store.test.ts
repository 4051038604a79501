/** The tests' own map store keeps the port's promises, too. */
import { MapStore } from '../../support/map-store.ts'
import { suite } from '../key-value-store.suite.ts'

suite('map', async () => {
  const store = new MapStore()
  return { store, reopen: async () => store, close: async () => {} }
})
