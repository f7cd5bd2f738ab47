//! File capabilities, as the extended attribute `security.capability` holds them.
//!
//! In: the attribute's bytes (in a layer: the PAX record `SCHILY.xattr.security.capability`). Out: the names of what the file permits.
//! Source: Linux, `include/uapi/linux/capability.h` (`vfs_cap_data`, `vfs_ns_cap_data`); capabilities(7).

/// Bits 0 to 40, in order.
const NAMES: [&str; 41] = [
    "cap_chown",
    "cap_dac_override",
    "cap_dac_read_search",
    "cap_fowner",
    "cap_fsetid",
    "cap_kill",
    "cap_setgid",
    "cap_setuid",
    "cap_setpcap",
    "cap_linux_immutable",
    "cap_net_bind_service",
    "cap_net_broadcast",
    "cap_net_admin",
    "cap_net_raw",
    "cap_ipc_lock",
    "cap_ipc_owner",
    "cap_sys_module",
    "cap_sys_rawio",
    "cap_sys_chroot",
    "cap_sys_ptrace",
    "cap_sys_pacct",
    "cap_sys_admin",
    "cap_sys_boot",
    "cap_sys_nice",
    "cap_sys_resource",
    "cap_sys_time",
    "cap_sys_tty_config",
    "cap_mknod",
    "cap_lease",
    "cap_audit_write",
    "cap_audit_control",
    "cap_setfcap",
    "cap_mac_override",
    "cap_mac_admin",
    "cap_syslog",
    "cap_wake_alarm",
    "cap_block_suspend",
    "cap_audit_read",
    "cap_perfmon",
    "cap_bpf",
    "cap_checkpoint_restore",
];

/// The names of the capabilities that a file permits, or `None` for bytes that are no such attribute.
///
/// What is only inheritable is left out: it counts only for a process that already has it. A bit without a name is `cap_41`.
pub fn capability_names(attribute: &[u8]) -> Option<Vec<String>> {
    let word = |index: usize| -> Option<u32> {
        let bytes = attribute.get(index * 4..index * 4 + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    // The high byte is the revision: 1 has 32 bits of each set, 2 has 64, 3 has 64 and the user namespace's root.
    let (length, wide) = match word(0)? >> 24 {
        1 => (12, false),
        2 => (20, true),
        3 => (24, true),
        _ => return None,
    };
    if attribute.len() != length {
        return None;
    }
    let low = u64::from(word(1)?);
    let high = if wide { u64::from(word(3)?) } else { 0 };
    let permitted = low | (high << 32);
    let name = |bit: usize| NAMES.get(bit).map_or_else(|| format!("cap_{bit}"), |name| (*name).to_owned());
    Some((0..64).filter(|bit| permitted >> bit & 1 == 1).map(name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn permitted_capabilities_are_named() {
        let table = [
            // What setcap cap_net_raw=ep writes.
            (attribute(&[0x0200_0001, 1 << 13, 0, 0, 0]), "cap_net_raw"),
            (attribute(&[0x0200_0001, 1 << 7 | 1 << 21, 0, 1 << 7, 0]), "cap_setuid cap_sys_admin cap_bpf"),
            // Only inheritable.
            (attribute(&[0x0200_0000, 0, 1 << 13, 0, 0]), ""),
            (attribute(&[0x0100_0001, 1, 0]), "cap_chown"),
            (attribute(&[0x0300_0001, 1 << 12, 0, 0, 0, 1000]), "cap_net_admin"),
            (attribute(&[0x0200_0001, 0, 0, 1 << 9, 0]), "cap_41"),
        ];
        for (bytes, expected) in table {
            assert_eq!(capability_names(&bytes).unwrap().join(" "), expected, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_such_attribute_has_no_names() {
        let table = [
            vec![],
            vec![1, 0, 0],
            attribute(&[0x0400_0001, 1, 0, 0, 0]),
            attribute(&[0x0200_0001, 1, 0, 0]),
            attribute(&[0x0200_0001, 1, 0, 0, 0, 0]),
            b"cap_net_raw=ep".to_vec(),
        ];
        for bytes in table {
            assert_eq!(capability_names(&bytes), None, "{bytes:?}");
        }
    }
}
