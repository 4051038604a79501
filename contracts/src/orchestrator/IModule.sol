// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Constants} from "./OrchestratorBase.sol";

/// @title A part of the Orchestrator that runs on its storage
interface IModule {
    /// @notice Selectors that the module answers.
    function selectors() external pure returns (bytes4[] memory);
    /// @notice What it was built with; must be what the Orchestrator was built with.
    function constants() external view returns (Constants memory);
}
