// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title Payment token of a development network
/// @notice The deployer mints; worthless by design, so it must never be listed on a public network.
contract DevToken is ERC20Permit {
    /// @notice Who may mint.
    address public immutable minter;

    /// @notice The caller is not the minter.
    error NotMinter();

    /// @param minter_ Who may mint.
    constructor(address minter_) ERC20("Lightmesh Dev Token", "LMDEV") ERC20Permit("Lightmesh Dev Token") {
        minter = minter_;
    }

    /// @notice Mints tokens. Minter only.
    /// @param to Receiver.
    /// @param amount Smallest units (18 decimals).
    function mint(address to, uint256 amount) external {
        if (msg.sender != minter) revert NotMinter();
        _mint(to, amount);
    }
}
