// Questions to an open namespace, from linux/nsfs.h.

export const NS_GET_USERNS = 0xb701;
export const NS_GET_NSTYPE = 0xb703;
export const NS_GET_OWNER_UID = 0xb704;
export const NSFS_MAGIC = 0x6e736673;
