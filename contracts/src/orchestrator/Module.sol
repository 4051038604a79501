// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Constants, OrchestratorBase} from "./OrchestratorBase.sol";
import {IModule} from "./IModule.sol";
import {ClockParams} from "../types/Parameters.sol";

/// @title Base of the modules
abstract contract Module is OrchestratorBase, IModule {
    constructor(Constants memory constants_) OrchestratorBase(constants_) {}

    /// @inheritdoc IModule
    function constants() external view returns (Constants memory) {
        return Constants({
            clock: ClockParams(GENESIS, EPOCH_LENGTH, DAY_EPOCHS),
            oracleSet: ORACLE_SET,
            bondToken: BOND_TOKEN,
            protocolFeeBps: FEE_BPS
        });
    }
}
