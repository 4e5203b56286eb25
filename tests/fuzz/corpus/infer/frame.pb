
mid*
featuresFP32*
carrierBYTES*
flagsUINT8